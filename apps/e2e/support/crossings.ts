import type { Outgoing, Reply } from './http.ts'
import type { SharedCache } from './shared-cache.ts'
import type { Visitor } from './visitor.ts'

/** One of several people behind the same cache. */
export interface Guest {
  readonly name: string
  readonly visitor: () => Visitor
  /** What nobody else may see. */
  readonly marks: readonly string[]
}

export interface Walk {
  readonly cache: SharedCache
  readonly guests: readonly Guest[]
  readonly requests: readonly (Outgoing & { readonly path: string })[]
  /** Whether the answer is the same for everybody, so that a cache may give one's to another. */
  readonly isCommon: (path: string, reply: Reply) => boolean
  /** How many of the guests are the first to ask, with an empty cache, for each request in turn. */
  readonly firsts: number
}

export interface Walked {
  /** What somebody got that was not for them. */
  readonly crossings: readonly string[]
  /** Paths that the cache answered. */
  readonly hits: ReadonlySet<string>
  readonly replies: number
  /** Replies that set a cookie. */
  readonly cookies: number
}

/** Every request of everybody through the cache. */
export async function walkThrough(walk: Walk): Promise<Walked> {
  const { cache, guests, requests } = walk
  const crossings: string[] = []
  const hits = new Set<string>()
  let [replies, cookies] = [0, 0]

  async function ask(guest: Guest, { path, ...outgoing }: Walk['requests'][number]): Promise<void> {
    const reply = await guest.visitor().send(path, outgoing)
    const others = guests.filter((other) => other !== guest)
    const wrong = crossed(reply, { others, isCommon: walk.isCommon(path, reply) })
    if (wrong !== null)
      crossings.push(`${guest.name} ${outgoing.method ?? 'GET'} ${path} ${reply.status}: ${wrong}`)
    if (isHit(reply)) hits.add(path)
    if (reply.setCookies.length > 0) cookies += 1
    replies += 1
    const { location } = reply.headers
    if (location !== undefined && !path.includes('_rsc') && isClientNavigation(reply))
      await ask(guest, { path: location, ...outgoing })
  }

  for (const [i, request] of requests.entries()) {
    for (let nth = 0; nth < walk.firsts; nth += 1) {
      const first = (i + nth * Math.ceil(guests.length / walk.firsts)) % guests.length
      cache.clear()
      for (const guest of [...guests.slice(first), ...guests.slice(0, first)]) await ask(guest, request)
    }
  }
  return { crossings, hits, replies, cookies }
}

/** What of somebody else's there is in a reply. */
function crossed(
  reply: Reply,
  { others, isCommon }: { others: readonly Guest[]; isCommon: boolean },
): string | null {
  const everything = `${JSON.stringify(reply.headers)}${reply.setCookies.join()}${reply.text}`
  for (const other of others) {
    if (other.marks.some((mark) => everything.includes(mark))) return `shows what is ${other.name}’s`
  }
  if (!isHit(reply)) return null
  if (reply.setCookies.length > 0) return 'sets a stored cookie'
  return isCommon || isClientNavigation(reply) ? null : 'was stored'
}

/** Next.js' own redirect, before any proxy, which makes the address of a client-side navigation differ from the page's. */
function isClientNavigation({ status, headers }: Reply): boolean {
  return status === 307 && /[?&]_rsc(?:=|$)/.test(headers.location ?? '')
}

export function isHit({ headers }: Reply): boolean {
  return headers['x-cache'] === 'hit'
}
