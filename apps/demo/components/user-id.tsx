/** Any string can be a user id: shown with its spaces, on one line, never wider than there is room. */
export function UserId({ children }: { children: string }) {
  return (
    <bdi className="user-id" title={children}>
      {children}
    </bdi>
  )
}
