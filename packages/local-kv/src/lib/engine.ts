import type { Duplex } from 'node:stream'

/** What runs the commands: anything that gives a stream speaking RESP2. */
export interface Engine {
  readonly kind: 'embedded' | 'redis'
  /** The logical database that holds the data; the two after it belong to the lagging replica, if there is one. */
  readonly database: number
  /** A new connection, on database 0 and authenticated. */
  connect(): Promise<Duplex>
  close(): Promise<void>
}
