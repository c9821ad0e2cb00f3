/** For what cannot be done without KV. */
export function StatelessNotice() {
  return (
    <p className="notice">
      This demo runs without KV: each session is in its own cookie. Stateless sessions can not be listed or
      revoked; a copy of the cookie works until it expires.
    </p>
  )
}
