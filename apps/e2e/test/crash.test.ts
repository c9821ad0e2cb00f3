import { afterEach, describe, expect, it, vi } from 'vitest'
import { keysOf, useBench } from '../support/bench.ts'
import { type Server, startServer } from '../support/server.ts'
import { NEXT_16_PROXY } from '../support/variants.ts'
import { createVisitor, type Visitor } from '../support/visitor.ts'

const IDLE_SECONDS = 60

interface Listed {
  readonly id: string
  readonly current: boolean
}
const list = async (visitor: Visitor) => (await visitor.get('/api/sessions')).json<readonly Listed[]>()
const currents = async (visitor: Visitor) => (await list(visitor)).map(({ current }) => current).sort()
const me = async (visitor: Visitor) => (await visitor.get('/api/me')).status

/** SIGKILL, which no handler hears: KV has written, and the browser will never know. */
describe('an app killed between what KV writes and its Set-Cookie', () => {
  const bench = useBench(NEXT_16_PROXY, { instances: 0 })
  const started: Server[] = []

  afterEach(async () => {
    vi.restoreAllMocks()
    await Promise.all(started.splice(0).map((app) => app.stop()))
  })

  /** On the same KV each time. */
  async function start(): Promise<Server> {
    const env = {
      ...bench.secrets,
      KV_REST_API_URL: bench.kv.url,
      KV_REST_API_TOKEN: bench.kv.token,
      LOGIN_RATE_LIMIT: '0',
      SESSION_IDLE_SECONDS: String(IDLE_SECONDS),
      SESSION_MAX_PER_USER: '3',
    }
    const app = await startServer({ variant: NEXT_16_PROXY, env })
    started.push(app)
    return app
  }

  /** Kills the app when KV has run the script that `request` leads to, but has not said so yet. */
  async function killDuring(app: Server, request: () => Promise<unknown>): Promise<void> {
    const barrier = bench.kv.barrier({ command: 'EVAL' }, 'after')
    const outcome = request().then(
      () => 'an answer',
      (error: unknown) => String(error),
    )
    await barrier.held
    process.kill(app.pid, 'SIGKILL')
    expect(await outcome).toMatch(/socket hang up|ECONNRESET/)
    await app.stop()
    barrier.release()
  }

  /** Leaves a session behind that nobody holds, and starts the app again. */
  async function abandon(user: string, visitor?: Visitor): Promise<Server> {
    const app = await start()
    const signing = visitor?.at(app.origin) ?? createVisitor(app.origin)
    const before = signing.token()
    await killDuring(app, () => signing.post('/api/auth/login', { user, pass: `demo-${user}` }))
    expect(signing.token()).toBe(before)
    return start()
  }

  async function signedIn(app: Server, user: string): Promise<Visitor> {
    const visitor = createVisitor(app.origin)
    await visitor.signIn(user)
    return visitor
  }

  it('leaves a session that is listed, is nobody’s current one, and can be revoked', async () => {
    const app = await abandon('alice')
    const alice = await signedIn(app, 'alice')
    const [orphan, ...others] = (await list(alice)).filter(({ current }) => !current)
    expect(others).toEqual([])
    expect(await currents(alice)).toEqual([false, true])
    expect((await alice.send(`/api/sessions/${orphan?.id}`, { method: 'DELETE' })).status).toBe(204)
    expect(await currents(alice)).toEqual([true])
    expect(await me(alice)).toBe(200)
  })

  it('leaves nothing that outlives the idle time', async () => {
    await abandon('bob')
    const [key, ...others] = (await keysOf(bench.kv)).filter((name) => name.endsWith('bob'))
    expect([key, others]).toEqual(['session:bob', []])
    // The state and the times of one session.
    expect(Number(await bench.kv.command('HLEN', 'session:bob'))).toBe(2)
    const left = Number(await bench.kv.command('PTTL', 'session:bob'))
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(IDLE_SECONDS * 1_000)
    const now = Date.now.bind(Date)
    vi.spyOn(Date, 'now').mockImplementation(() => now() + left + 1)
    expect(await keysOf(bench.kv)).not.toContain('session:bob')
  })

  it('leaves one that counts among the user’s sessions, and is the first to make room', async () => {
    const app = await abandon('123')
    const first = await signedIn(app, '123')
    const orphan = (await list(first)).find(({ current }) => !current)
    await signedIn(app, '123')
    expect((await list(first)).map(({ id }) => id)).toContain(orphan?.id)
    await signedIn(app, '123')
    const ids = (await list(first)).map(({ id }) => id)
    expect([ids.length, ids.includes(orphan?.id ?? '')]).toEqual([3, false])
    expect(await me(first)).toBe(200)
  })

  it('has ended the session in whose place the new one was to be, once and for all', async () => {
    const visitor = await signedIn(await start(), 'josé')
    const app = await abandon('josé', visitor)
    const after = visitor.at(app.origin)
    expect(await me(after)).toBe(401)
    expect(after.cookie()).toBe('')
    await after.signIn('josé')
    expect(await currents(after)).toEqual([false, true])
  })

  it('keeps a visitor whose token was being replaced signed in, and leaves no second session', async () => {
    const doomed = await start()
    const visitor = await signedIn(doomed, 'true')
    const before = visitor.token()
    await killDuring(doomed, () => visitor.post('/api/auth/rotate'))
    expect(visitor.token()).toBe(before)
    const after = visitor.at((await start()).origin)
    expect(await me(after)).toBe(200)
    expect(await currents(after)).toEqual([true])
  })
})
