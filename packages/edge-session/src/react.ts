'use client'

export { type CurrentSession, useSession } from './lib/client-context.ts'
export { type SessionList, type SessionListOptions, useSessions } from './lib/client-list.ts'
export { SessionProvider, type SessionProviderProps } from './lib/client-provider.tsx'
export type { ClientListedSession, ClientSession } from './lib/client-session.ts'
