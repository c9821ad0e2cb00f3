import { sha256 } from './encoding.ts'
import { createEmit, type Engine, toSession } from './engine.ts'
import { SessionTooLargeError } from './errors.ts'
import { createGuard } from './guard.ts'
import { expiryReason, touchIntervalOf } from './lifetime.ts'
import type { NoneReason } from './lookup.ts'
import { sharedMemo } from './memo.ts'
import { resolveOptions, type StatelessOptions } from './options.ts'
import type { Issued } from './recognition.ts'
import type { SessionRecord } from './record.ts'
import { createSeal, type Seal } from './seal.ts'
import type { SessionWriter } from './session-writer.ts'
import { type OpenToken, openOnlyOne, randomSid } from './token.ts'

/** Browsers ignore a cookie of more bytes, name and value together (RFC 6265bis §5.6). */
const LONGEST_COOKIE = 4_096

/** A token that is the session. */
interface StatelessToken extends OpenToken {
  readonly record: SessionRecord
}

/** An engine without a store: the cookie holds the sealed session. Nothing can end it before its time. */
export interface StatelessEngine<Data> extends Engine<Data> {
  readonly writer: () => SessionWriter
}

export function createStatelessEngine<Data>(options: StatelessOptions<Data>): StatelessEngine<Data> {
  const config = resolveOptions(options)
  const { now } = config
  const { name } = config.cookie
  const emit = createEmit(config)
  const memo = sharedMemo<StatelessToken>({ name: 'stateless', maxSize: 2_000 })
  let made: Seal | undefined

  function seal(): Seal {
    made ??= createSeal(config.secrets())
    return made
  }

  async function openOne(token: string): Promise<StatelessToken | NoneReason> {
    const key = `${name}=${token}`
    let opened = memo.get(key)
    if (opened === undefined || !(await seal().isOurs(token))) {
      const unsealed = await seal().unseal('stateless', token)
      if (unsealed.kind !== 'opened') return unsealed.kind
      // Only instances with our secret can seal for this purpose, so the shape is ours.
      const { r: record, m, n } = unsealed.claims as { r: SessionRecord; m: 0 | 1; n: string }
      // Another instance of the app may have the same secret, and other sessions.
      if (n !== name) return 'malformed'
      const { userId, id, absoluteEnd, lastSeenAt: issuedAt } = record
      const claims = { sid: '', userId, issuedAt, absoluteEnd, remember: m === 1 }
      opened = { token, record, claims, id, binding: await sha256(token), current: unsealed.current }
      memo.set(key, opened)
    }
    // A copy: nothing that an app does to its session reaches the next request.
    return expiryReason(opened.record, now()) ?? { ...opened, record: structuredClone(opened.record) }
  }

  async function issue(record: SessionRecord, { remember }: { remember: boolean }): Promise<Issued> {
    const token = await seal().seal('stateless', { r: record, m: remember ? 1 : 0, n: name })
    const bytes = config.cookie.name.length + token.length
    if (bytes > LONGEST_COOKIE) throw new SessionTooLargeError(bytes, LONGEST_COOKIE)
    return { token, record, remember }
  }

  const writer: SessionWriter = {
    async create(fields, { remember }) {
      const record = { ...fields, id: await sha256(randomSid()) }
      const issued = await issue(record, { remember })
      emit({ type: 'sign-in', userId: record.userId, id: record.id, evicted: 0 })
      return issued
    },

    async update({ token, record }, change) {
      const next = { ...(await change(record)), version: record.version + 1, lastSeenAt: now() }
      const issued = await issue(next, token.claims)
      emit({ type: 'update', userId: next.userId, id: next.id })
      return { record: next, issued }
    },

    rotate: ({ token, record }) => issue({ ...record, lastSeenAt: now() }, token.claims),

    async reauthenticate({ token, record }, { role }) {
      const at = now()
      const id = await sha256(randomSid())
      const absoluteEnd = at + (record.absoluteEnd - record.authenticatedAt)
      const issued = await issue(
        { ...record, id, role, authenticatedAt: at, lastSeenAt: at, absoluteEnd },
        token.claims,
      )
      emit({ type: 'rotation', cause: 'reauthentication', previousId: record.id, userId: record.userId, id })
      return issued
    },

    async destroy({ id, claims: { userId } }) {
      emit({ type: 'sign-out', userId, id })
      return true
    },
  }

  async function open(presented: readonly string[]): Promise<StatelessToken | NoneReason> {
    return openOnlyOne(presented, openOne)
  }

  return {
    config,
    guard: createGuard(options.protect),
    sessionsAreInCookies: true,
    writer: () => writer,
    assertConfigured: () => void seal(),
    open,
    toSession: (record) => toSession(config, record),

    async recognise(presented) {
      if (presented.length === 0) return { outcome: 'none', reason: 'no-cookie' }
      const token = await open(presented)
      const session = typeof token === 'string' ? null : await toSession(config, token.record)
      if (typeof token !== 'string' && session !== null) {
        return { outcome: 'active', token, record: token.record, session, reissue: null, stale: false }
      }
      const reason = typeof token === 'string' ? token : 'corrupt'
      emit({ type: 'none', reason, kvCommands: 0 })
      return { outcome: 'none', reason }
    },

    /** There is no store to record activity in: the cookie itself is renewed. */
    async renew(active) {
      const { token, record } = active
      const due = now() - record.lastSeenAt >= touchIntervalOf(record, config.touchInterval)
      if (!due && token.current) return null
      const issued = await issue(due ? { ...record, lastSeenAt: now() } : record, token.claims)
      const opened = await open([issued.token])
      if (typeof opened === 'string') return null
      const session = await toSession(config, issued.record)
      return session && { ...active, token: opened, record: issued.record, session }
    },

    snapshotOf: async () => null,
    touch: () => null,
    // The page opens the same cookie by itself, without a KV command.
    handOver: async () => null,
    takeOver: async () => null,
    isHandedOver: async () => false,
  }
}
