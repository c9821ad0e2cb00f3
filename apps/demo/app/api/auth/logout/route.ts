import { sessionHandlers } from '@/session'

// Not in `protect`: signing out twice is fine, and with KV down the browser still forgets its cookie.
export const { POST } = sessionHandlers().logout
