import { inspect } from 'node:util'
import type { LocalKV } from 'local-kv'
import { Cookie, CookieJar } from 'tough-cookie'
import { expect } from 'vitest'
import { sha256 } from '../../../src/lib/encoding.ts'
import type { SessionEvent } from '../../../src/lib/events.ts'
import { createKVEngine, type KVEngine } from '../../../src/lib/kv-engine.ts'
import { kvStore } from '../../../src/lib/kv-store.ts'
import type { KVTransport } from '../../../src/lib/kv-transport.ts'
import { createLifecycle, type Lifecycle } from '../../../src/lib/lifecycle.ts'
import { createProxyFunction, type ProxyFunction } from '../../../src/lib/proxy.ts'
import type { JsonObject } from '../../../src/lib/record.ts'
import { createSeal, type Seal } from '../../../src/lib/seal.ts'
import type { SessionStore } from '../../../src/lib/session-store.ts'
import type { TokenClaims } from '../../../src/lib/token.ts'
import { directTransport } from '../support/direct-transport.ts'
import type { FrozenClock } from '../support/frozen-clock.ts'
import { forgetMemos } from '../support/memos.ts'
import { TROUBLES, type Trouble } from './faults.ts'
import { endOf, follow, type ModelState, resolve, textOf, userOf, withoutOver } from './sessions.ts'
import { readStored, type Stored } from './stored.ts'
import { createWatcher, LAG } from './watcher.ts'
import { createWire } from './wire.ts'

export const USERS = ['alice', 'bob', 'josé 日本'] as const
export const BROWSERS = 4
export const SKEW = 4_000
export const LIFETIMES = { idle: 1_800_000, absolute: 8 * 3_600_000, touchInterval: 60_000 } as const
export const ROTATE_EVERY = 600_000
export const GRACE = 30_000
export const MOST_SESSIONS = 3
const SITE = 'https://app.test/'

/** One instance, with secrets, a clock and a memory of its own. */
export interface ModelNode {
  readonly skew: number
  stage: number
  engine: KVEngine<JsonObject, SessionStore>
  lifecycle: Lifecycle
  proxy: ProxyFunction
  /** When it last recorded activity, by id. */
  touched: Map<string, number>
}

export interface TokenInfo extends TokenClaims {
  readonly token: string
  readonly id: string
  readonly family: string
  readonly stage: number
}

/** What the commands of one run act upon, and what is expected of it. */
export interface World {
  readonly kv: LocalKV
  readonly nodes: readonly ModelNode[]
  readonly jars: readonly CookieJar[]
  readonly events: SessionEvent[]
  state: ModelState
  /** What the replica shows while it lags. */
  replica: ModelState | null
  trouble: Trouble
  /** Take the trouble's rules away. */
  readonly ends: (() => void)[]
  endLag: (() => void) | null
  /** How often KV and the product were compared with the model. */
  compared: number
  /** Makes every value written a different one. */
  counter: number
  /** How many commands the nodes have sent so far. */
  commands(): number
  clockOf(node: ModelNode): number
  advance(ms: number): void
  restart(node: ModelNode, stage?: number): void
  cookieOf(browser: number): Promise<string | null>
  receive(browser: number, setCookies: readonly string[]): Promise<void>
  infoOf(token: string): Promise<TokenInfo>
  /** Says which of the states that are right came about; fails if it is none of them. */
  settle(candidates: readonly ModelState[]): Promise<void>
  /** Whether KV holds anything under this id or where it leads, be it over or unreadable. */
  remains(userId: string, id: string): Promise<boolean>
  /** Ids that KV holds for a user and the model does not know: of a sign-in whose answer was lost. */
  newIds(userId: string): Promise<readonly string[]>
  noteError(error: unknown): void
  /** Those from here on are looked at by themselves; none goes unread. */
  forgetEvents(): void
  /** Counts what was seen, so that a run that proves nothing does not go unnoticed. */
  note(seen: string): void
}

export function secretOf(stage: number): string {
  return `secret-${stage}-of-at-least-32-characters`
}

export async function createWorld(
  kv: LocalKV,
  { clock, tally, printed }: { clock: FrozenClock; tally: Map<string, number>; printed: string[] },
): Promise<World> {
  kv.faults.clear()
  await kv.flush()
  kv.clearJournal()
  const events: SessionEvent[] = []
  const errors: string[] = []
  const forgotten: string[] = []
  const seals = new Map<number, Seal>()
  const infos = new Map<string, TokenInfo>()
  const graves = new Set<string>()
  const watcher = createWatcher(clock)
  const isTroubled = () => world.trouble.rules.length > 0 || world.endLag !== null
  const wire = createWire(kv, isTroubled)
  const watchersWire = createWire(kv, isTroubled)
  /** Of each token: all that the judge's answer depends on, when it was last asked. */
  const judged = new Map<string, string>()
  let watched = ''
  let judge: KVEngine<JsonObject, SessionStore> | null = null
  let watching: KVEngine<JsonObject, SessionStore> | null = null

  function engineOf(
    secrets: readonly string[],
    { skew, transport, cached = false }: { skew: number; transport: KVTransport; cached?: boolean },
  ) {
    forgetMemos()
    return createKVEngine<JsonObject, SessionStore>(
      {
        secret: secrets,
        // Whoever changes sessions says so, cached or not.
        store: kvStore({ transport, timeout: 60_000, changes: true }),
        ...(cached && { cache: { revocationLag: LAG } }),
        now: () => clock.now + skew,
        onEvent: (event) => events.push(event),
        ...LIFETIMES,
        rotateEvery: ROTATE_EVERY,
        rotationGrace: GRACE,
        maxSessions: MOST_SESSIONS,
        serverTiming: true,
        protect: { routes: ['/dashboard/:path*'] },
      },
      kvStore,
    )
  }

  function start(skew: number, stage: number): ModelNode {
    const secrets = stage === 0 ? [secretOf(0)] : [secretOf(stage), secretOf(stage - 1)]
    const engine = engineOf(secrets, { skew, transport: wire.transport })
    const lifecycle = createLifecycle(engine.parts())
    return { skew, stage, engine, lifecycle, proxy: createProxyFunction(engine), touched: new Map() }
  }

  const world: World = {
    kv,
    nodes: [start(0, 0), start(SKEW, 0)],
    jars: Array.from({ length: BROWSERS }, () => new CookieJar(undefined, { prefixSecurity: 'strict' })),
    events,
    state: new Map(),
    replica: null,
    trouble: TROUBLES.none,
    ends: [],
    endLag: null,
    compared: 0,
    counter: 0,
    commands: wire.commands,
    clockOf: ({ skew }) => clock.now + skew,
    advance: (ms) => clock.advance(ms),
    restart: (node, stage = node.stage) => Object.assign(node, start(node.skew, stage)),

    async cookieOf(browser) {
      const [cookie] = (await world.jars[browser]?.getCookies(SITE)) ?? []
      return cookie?.value ?? null
    },

    async receive(browser, setCookies) {
      // At most one of a name, and none that a browser would ignore (RFC 6265bis).
      expect(setCookies.length).toBeLessThanOrEqual(1)
      for (const header of setCookies) {
        expect(header).toMatch(/^__Host-session=.*; Path=\/;.*Secure; HttpOnly; SameSite=Lax$/)
        const now = new Date(clock.now)
        const cookie = Cookie.parse(header)
        if (cookie !== undefined) cookie.creation = now
        await world.jars[browser]?.setCookie(cookie ?? header, SITE, { now, ignoreError: false } as object)
        const [value = ''] = /^__Host-session=([^;]*)/.exec(header)?.slice(1) ?? []
        if (value !== '') await world.infoOf(value)
      }
    },

    async infoOf(token) {
      const known = infos.get(token)
      if (known !== undefined) return known
      for (let stage = Math.max(...world.nodes.map((node) => node.stage)); stage >= 0; stage -= 1) {
        const seal = seals.get(stage) ?? createSeal([secretOf(stage)])
        seals.set(stage, seal)
        const unsealed = await seal.unseal('token', token)
        if (unsealed.kind !== 'opened') continue
        const {
          s: sid,
          u: userId,
          i: issuedAt,
          e: absoluteEnd,
          m,
          f,
        } = unsealed.claims as {
          s: string
          u: string
          i: number
          e: number
          m: 0 | 1
          f?: string
        }
        const id = await sha256(sid)
        const info = {
          token,
          stage,
          sid,
          userId,
          issuedAt,
          absoluteEnd,
          remember: m === 1,
          id,
          family: f ?? id,
        }
        infos.set(token, info)
        return info
      }
      throw new Error('a token that no secret of this run opens')
    },

    note: (seen) => void tally.set(seen, (tally.get(seen) ?? 0) + 1),

    noteError(error) {
      errors.push(inspect(error, { depth: 10, showHidden: true }).replace(/\n\s+at .*/g, ''))
    },

    forgetEvents() {
      if (events.length > 0) forgotten.push(JSON.stringify(events.splice(0)))
    },

    async remains(userId, id) {
      const { state } = await readStored(kv)
      return follow(userOf(state, userId), id) !== null
    },

    async newIds(userId) {
      const { state } = await readStored(kv)
      const known = userOf(world.state, userId).sessions
      return [...userOf(state, userId).sessions.keys()].filter((id) => !known.has(id))
    },

    async settle(candidates) {
      const stored = await readStored(kv)
      const [slowest, fastest] = [clock.now, clock.now + SKEW]
      const seen = withoutOver(stored.state, slowest)
      const text = textOf(seen)
      // Between the clocks of the nodes a session may be over or not: there KV is taken at its word.
      const possible = candidates.map((state) => agreeOnOver(withoutOver(state, slowest), seen, fastest))
      const next = possible.find((state) => textOf(state) === text)
      if (next === undefined) expect(text).toBe(possible.map(textOf).join('\n— or —\n'))
      bury(next ?? new Map())
      world.state = next ?? new Map()
      watcher.note(world.state)
      await checkInvariants(stored)
      world.compared += 1
    },
  }

  /** Ids never come back. */
  function bury(next: ModelState): void {
    const idsOf = (state: ModelState) => [...state.values()].flatMap(({ sessions }) => [...sessions.keys()])
    const living = new Set(idsOf(next))
    for (const id of idsOf(world.state)) if (!living.has(id)) graves.add(id)
    expect([...living].filter((id) => graves.has(id))).toEqual([])
  }

  async function checkInvariants(stored: Stored): Promise<void> {
    const { ttls, text } = stored
    expect(ttls.filter((ttl) => !(ttl > 0 && ttl <= LIFETIMES.absolute))).toEqual([])
    const families = [...world.state.values()].flatMap(({ sessions }) =>
      [...sessions.values()].map(({ family }) => family),
    )
    expect(new Set(families).size).toBe(families.length)
    const reported = [JSON.stringify(events), ...forgotten, ...printed, ...errors].join('\n')
    const seen = `${text}\n${reported}`
    expect(
      [...infos.values()].filter(({ token, sid }) => seen.includes(token) || seen.includes(sid)),
    ).toEqual([])
    expect(/canary|secret-\d|redis\.call|HMGET|(?<!edge-)session:/.test(reported)).toBe(false)
    for (const list of [events, forgotten, printed, errors]) list.length = 0
    await judgeAll(stored)
  }

  /**
   * A judge with all secrets and no trouble looks at the latest tokens, dead or alive: at each whose answer may be another
   * than last time, as it depends on the hash of its user and the time. A node that serves from memory, whose answers
   * depend on all that it has seen, looks at all of them, unless nothing at all has changed.
   */
  async function judgeAll({ users, text }: Stored): Promise<void> {
    const newest = Math.max(...world.nodes.map((node) => node.stage))
    const secrets = Array.from({ length: newest + 1 }, (_, stage) => secretOf(newest - stage))
    if (judge === null || judge.config.secrets().length !== secrets.length)
      judge = engineOf(secrets, { skew: 0, transport: directTransport(kv) })
    if (watching === null || watching.config.secrets().length !== secrets.length)
      watching = engineOf(secrets, { skew: 0, transport: watchersWire.transport, cached: true })
    const { now } = clock
    const circumstances = `${now} ${newest} ${world.endLag !== null} ${JSON.stringify(world.trouble)}`
    const latest = [...infos.values()].slice(-6)
    for (const { token, userId, id, family, absoluteEnd } of latest) {
      const matters = `${now} ${newest} ${users.get(userId)}`
      if (judged.get(token) === matters) continue
      judged.set(token, matters)
      const found = resolve([world.state], { userId, id, family, now })
      if (found.kind === 'reuse') continue
      const answer = await judge.recognise([token])
      const seen =
        answer.outcome === 'active' ? `${answer.record.userId} ${answer.record.id}` : answer.outcome
      const right = found.kind === 'active' ? `${userId} ${found.session.id}` : found.kind
      expect(seen).toBe(now >= absoluteEnd ? 'none' : right)
      if (answer.outcome === 'active' && found.kind === 'active') expect(family).toBe(found.session.family)
    }
    const seen = `${circumstances} ${latest.at(-1)?.token} ${text}`
    if (seen === watched) return
    watched = seen
    const { reads, scripts } = world.trouble
    const mayBeUnknown = reads !== 'answered' || scripts !== 'answered'
    const late = await watcher.look(watching, { tokens: latest, now, mayBeUnknown })
    if (late > 0) world.note('served from memory while it changed')
    world.forgetEvents()
  }

  return world
}

/** Where a session is over by one clock and not by another, as `seen` has it. */
function agreeOnOver(state: ModelState, seen: ModelState, fastest: number): ModelState {
  return new Map(
    [...state].map(([userId, { sessions, trails }]) => {
      const kept = [...sessions].filter(
        ([id, session]) => fastest < endOf(session) || userOf(seen, userId).sessions.has(id),
      )
      return [userId, { sessions: new Map(kept), trails }] as const
    }),
  )
}
