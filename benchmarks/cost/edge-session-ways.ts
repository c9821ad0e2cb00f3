import { type BoundedMap, createBoundedMap } from './bounded-map.ts'
import { createLedger } from './ledger.ts'
import type { Arrival, Traffic } from './traffic.ts'
import type { Way } from './way.ts'

/** What each script makes KV run, itself included; `scale` counts the same in a real Redis. */
export const RUN = {
  read: 1,
  /** What the cache keeps is read from the primary. */
  primaryRead: 2,
  touch: 4,
  /** For a user who has other sessions, however many. */
  create: 7,
  update: 3,
  destroy: 4,
  /** Reading the change feed. */
  feed: 2,
  /** Announcing a change in it, within the script that makes the change. */
  announce: 4,
} as const

/** Sessions whose last touch an instance remembers. */
const TOUCHES_REMEMBERED = 10_000
/** The longest that the cache keeps a session without reading it again. */
const LONGEST_KEPT = 5 * 60_000
/** Who has not read the feed for this long starts anew. */
const FEED_REACHES_BACK = 10 * 60_000

/** Options of edge-session, milliseconds. */
export interface SessionSettings {
  readonly touchInterval: number
}

export interface CacheSettings extends SessionSettings {
  readonly revocationLag: number
  readonly memory: number
}

/** Every request asks KV. */
export function strictWay(traffic: Traffic, { touchInterval }: SessionSettings): Way {
  const ledger = createLedger()
  const lastSeen = new Float64Array(traffic.users).fill(Number.NEGATIVE_INFINITY)
  return {
    name: 'edge-session, strict',
    ledger,
    serve({ at, user, kind }) {
      if (kind === 'sign-in') {
        ledger.add(at, 'create', RUN.create)
        lastSeen[user] = at
        return
      }
      ledger.add(at, 'read', RUN.read)
      if (at - (lastSeen[user] ?? 0) >= touchInterval) {
        ledger.add(at, 'touch', RUN.touch)
        lastSeen[user] = at
      }
      if (kind === 'update') ledger.add(at, 'update', RUN.update)
      if (kind === 'sign-out') ledger.add(at, 'destroy', RUN.destroy)
    },
  }
}

/** `cache: { revocationLag, memory }`: what an instance has seen it serves itself, while it keeps up with the feed. */
export function cachedWay(traffic: Traffic, { touchInterval, revocationLag, memory }: CacheSettings): Way {
  const ledger = createLedger()
  const lastSeen = new Float64Array(traffic.users).fill(Number.NEGATIVE_INFINITY)
  // The visitor's own cookie says which version of their session they have already seen.
  const versions = new Uint32Array(traffic.users)
  const changedUsers: number[] = []
  const instances: Instance[] = []

  function instanceOf({ instance, generation }: Arrival): Instance {
    const present = instances[instance]
    if (present?.generation === generation) return present
    const started: Instance = {
      generation,
      kept: createBoundedMap(memory),
      touched: createBoundedMap(TOUCHES_REMEMBERED),
      feedReadAt: Number.NEGATIVE_INFINITY,
      position: changedUsers.length,
    }
    instances[instance] = started
    return started
  }

  /** Gives whether it had to start anew. */
  function readFeed(at: number, instance: Instance): boolean {
    ledger.add(at, 'feed', RUN.feed)
    const anew = at - instance.feedReadAt > FEED_REACHES_BACK
    if (anew) instance.kept.clear()
    else for (const user of changedUsers.slice(instance.position)) instance.kept.delete(user)
    instance.position = changedUsers.length
    instance.feedReadAt = at
    return anew
  }

  function announce(user: number, by: Instance): void {
    changedUsers.push(user)
    by.kept.delete(user)
  }

  function read(at: number, user: number, instance: Instance): number {
    const anew = at - instance.feedReadAt >= revocationLag && readFeed(at, instance)
    const kept = instance.kept.get(user)
    const version = versions[user] ?? 0
    if (kept !== undefined && kept.version >= version && at - kept.readAt < LONGEST_KEPT) return kept.lastSeen
    ledger.add(at, 'read', RUN.primaryRead)
    const record = { lastSeen: lastSeen[user] ?? 0, readAt: at, version }
    // What is looked up while the feed starts anew may be older than where it starts.
    if (!anew) instance.kept.set(user, record)
    return record.lastSeen
  }

  return {
    name: `edge-session, cached (${revocationLag / 1_000} s)`,
    ledger,
    serve(arrival) {
      const { at, user, kind } = arrival
      const instance = instanceOf(arrival)
      if (kind === 'sign-in') {
        ledger.add(at, 'create', RUN.create)
        lastSeen[user] = at
        return
      }
      const seen = Math.max(read(at, user, instance), instance.touched.get(user) ?? Number.NEGATIVE_INFINITY)
      if (at - seen >= touchInterval) {
        ledger.add(at, 'touch', RUN.touch)
        instance.touched.set(user, at)
        lastSeen[user] = at
      }
      if (kind === 'update') {
        ledger.add(at, 'update', RUN.update + RUN.announce)
        versions[user] = (versions[user] ?? 0) + 1
        announce(user, instance)
      }
      if (kind === 'sign-out') {
        ledger.add(at, 'destroy', RUN.destroy + RUN.announce)
        announce(user, instance)
      }
    },
  }
}

interface Instance {
  readonly generation: number
  readonly kept: BoundedMap<
    number,
    { readonly lastSeen: number; readonly readAt: number; readonly version: number }
  >
  readonly touched: BoundedMap<number, number>
  feedReadAt: number
  position: number
}
