import type { Session } from 'edge-session'

export function isAdmin(session: Session): boolean {
  return session.role === 'admin'
}
