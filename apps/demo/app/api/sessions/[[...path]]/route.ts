import { sessionHandlers } from '@/session'

export const { GET, POST, DELETE } = sessionHandlers().sessions
