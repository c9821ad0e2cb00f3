import { randomBytes } from 'node:crypto'

/** Makes and reads `Upstash-Sync-Token`s: opaque to clients, they name a position in the order of writes. */
export interface SyncTokens {
  /** A new token for this position. No two tokens are the same. */
  issue(position: number): string
  /** The position; 0 for no token, a token of another server, or nonsense. */
  read(token: string): number
}

export function createSyncTokens(): SyncTokens {
  const server = randomBytes(6).toString('hex')
  let issued = 0
  return {
    issue(position) {
      issued += 1
      return Buffer.from(`${server}:${position}:${issued}`).toString('base64')
    },
    read(token) {
      const [from, position = ''] = Buffer.from(token, 'base64').toString().split(':')
      return from === server && /^\d+$/.test(position) ? Number(position) : 0
    },
  }
}
