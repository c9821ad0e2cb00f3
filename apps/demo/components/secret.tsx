/** What a page gives away only to those who may see it. */
export function Secret({ of }: { of: string }) {
  return (
    <p className="secret">
      <code>{`secret:${of}`}</code>
    </p>
  )
}
