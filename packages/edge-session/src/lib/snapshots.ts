import type { Seal } from './seal.ts'

/** A session as it was read from the store, and where in the feed of changes that was. */
export interface Snapshot {
  /** The record as JSON. */
  readonly text: string
  /** Milliseconds since 1970, by the clock of the instance that read it. */
  readonly readAt: number
  readonly cursor: string
}

/**
 * Sealed copies of sessions, in a cookie of their own: none can put an ended token back, and one that gets lost or comes
 * late costs a KV command and nothing else.
 */
export interface Snapshots {
  /** `null` for a session that does not fit into a cookie. */
  seal(snapshot: Snapshot, sessionId: string): Promise<string | null>
  /** The copy of this very session; `null` if it was not presented, or several were. */
  open(presented: readonly string[], sessionId: string): Promise<Snapshot | null>
}

/** Browsers ignore cookies above 4,096 bytes, name and attributes included. */
const LONGEST_COOKIE_VALUE = 3_800
/** Sealed, it is longer by a third. */
const LONGEST_TEXT = LONGEST_COOKIE_VALUE * (3 / 4)
const FORMAT = 1

export function createSnapshots({ seal }: { seal: Seal }): Snapshots {
  return {
    async seal({ text, readAt, cursor }, sessionId) {
      if (text.length > LONGEST_TEXT) return null
      const sealed = await seal.seal('snapshot', { f: FORMAT, i: sessionId, n: text, r: readAt, c: cursor })
      return sealed.length <= LONGEST_COOKIE_VALUE ? sealed : null
    },

    async open(presented, sessionId) {
      const [sealed, ...others] = presented
      if (sealed === undefined || others.length > 0) return null
      const unsealed = await seal.unseal('snapshot', sealed)
      if (unsealed.kind !== 'opened') return null
      // Only instances with our secret can seal for this purpose; another version of this package may mean another shape.
      const { f, i, n: text, r: readAt, c: cursor } = unsealed.claims as Claims
      return f === FORMAT && i === sessionId ? { text, readAt, cursor } : null
    },
  }
}

interface Claims {
  /** Format. */
  readonly f: number
  /** Session id. */
  readonly i: string
  readonly n: string
  readonly r: number
  readonly c: string
}
