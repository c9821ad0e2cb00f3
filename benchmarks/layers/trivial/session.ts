export { currentUserId, revoke, signIn } from '../none/session'
