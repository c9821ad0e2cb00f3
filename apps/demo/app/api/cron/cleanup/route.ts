import { sessionHandlers } from '@/session'

// Called as vercel.json says. KV drops expired sessions by itself; stores without expiry are cleaned here.
export const { GET } = sessionHandlers().cleanup
