import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { directoryOf, GUARDED } from '../support/variants.ts'

const CANARY = 'canary-7f3a9c'
const PAGES = [
  '/',
  '/public',
  '/static',
  '/login',
  '/dashboard',
  '/dashboard/sessions',
  '/admin',
  '/sensitive',
  '/cached',
]
const APIS = ['/api/me', '/api/session', '/api/sessions', '/api/whoami']

describe.each(GUARDED)('nothing leaks on $name:', (variant) => {
  const bench = useBench(variant, { env: { SESSION_EVENTS: '1' } })
  const printed = () => bench.servers.map((server) => server.output()).join('\n')

  it('data of a session shows where it is asked for, and in no page, payload, log or event', async () => {
    const alice = await bench.user('alice')
    await alice.send('/api/session', { method: 'PATCH', body: JSON.stringify({ secretData: CANARY }) })
    expect((await alice.get('/api/me')).text).toContain(CANARY)
    for (const path of PAGES) {
      for (const headers of [{}, { rsc: '1' }])
        expect((await alice.get(path, headers)).text).not.toContain(CANARY)
    }
    for (const path of ['/api/sessions', '/api/whoami'])
      expect((await alice.get(path)).text).not.toContain(CANARY)
    expect((await (await bench.user('alice')).get('/api/sessions')).text).not.toContain(CANARY)
    await alice.post('/api/auth/rotate')
    await alice.post('/api/auth/logout')
    expect(printed()).toMatch(/"type":"sign-in"/)
    expect(printed()).not.toContain(CANARY)
  })

  it('when the KV fails in every way, no data, command, key or address is printed or answered', async () => {
    const alice = await bench.user('alice')
    await alice.send('/api/session', { method: 'PATCH', body: JSON.stringify({ secretData: CANARY }) })
    for (const action of [
      { type: 'status', status: 401 },
      { type: 'status', status: 500, body: `{"error":"ERR ${CANARY}"}` },
      { type: 'body', body: `<html>${CANARY}</html>` },
      { type: 'body', body: `{"error":"ERR ${CANARY}, command was: [\\"HMGET\\"]"}` },
      { type: 'reset', when: 'after' },
      { type: 'truncate', at: 30 },
    ] as const) {
      bench.kv.faults.add({ action })
      for (const path of [...PAGES, ...APIS]) {
        const { text } = await alice.get(path)
        expect(text).not.toMatch(new RegExp(`${CANARY}|HMGET|EVAL|${bench.kv.port}`))
      }
      await alice.send('/api/session', { method: 'PATCH', body: `{"a":"${CANARY}"}` })
      await bench.visitor().post('/api/auth/login', { user: 'alice', pass: 'demo-alice' })
      bench.kv.faults.clear()
    }
    expect(printed()).not.toMatch(
      new RegExp(`${CANARY}|HMGET|EVAL|session:alice|:${bench.kv.port}|demo-alice`),
    )
  })

  it('passwords reach neither the KV nor the log', async () => {
    await bench.visitor().post('/api/auth/login', { user: 'alice', pass: `wrong-${CANARY}` })
    await bench.user('bob')
    const seen = bench.kv
      .journal()
      .map(({ command }) => command.join(' '))
      .join('\n')
    expect(seen + printed()).not.toMatch(/demo-bob|wrong-canary|scrypt/)
  })

  it('what the list of sessions shows opens nothing', async () => {
    const alice = await bench.user('alice')
    const sessions = (await alice.get('/api/sessions')).json<readonly { id: string }[]>()
    for (const { id } of sessions) {
      const { text } = await bench.visitor().get('/api/whoami', { cookie: `__Host-session=${id}` })
      expect(text).toBe('{"header":null,"session":null}')
    }
  })

  it('what is in the KV opens nothing', async () => {
    await bench.user('alice')
    const fields = (await bench.kv.command('HGETALL', 'session:alice')) as readonly string[]
    expect(fields.length).toBeGreaterThan(0)
    const values = fields
      .flatMap((field) => [field, ...field.split(/[:| ]/)])
      .filter((text) => /^[\x21-\x7e]+$/.test(text))
    for (const value of values) {
      const { text } = await bench.visitor().get('/api/whoami', { cookie: `__Host-session=${value}` })
      expect(text).toBe('{"header":null,"session":null}')
    }
  })

  it('the scripts that browsers load hold nothing of the server', () => {
    const scripts = scriptsBelow(join(directoryOf(variant), '.next/static'))
    expect(scripts.length).toBeGreaterThan(3)
    for (const script of scripts) {
      const [found] =
        /scrypt\$|SESSION_SECRET|CRON_SECRET|KV_REST_API|UPSTASH_REDIS|A256GCM|HMGET|secret:\w/.exec(
          script,
        ) ?? []
      expect(found).toBeUndefined()
    }
  })

  it('an error says nothing of the code: no stack, no path', async () => {
    const alice = await bench.user('alice')
    for (const path of ['/api/sessions/%ff', '/%ff', '/nowhere', '/api/nowhere', '/files/%ff']) {
      const { text } = await alice.send(path, { mayFail: true })
      expect(text).not.toMatch(/node_modules|\n\s+at |\/apps\/|\.ts:\d/)
    }
  })

  it('no answer says what it runs on, or reflects a header', async () => {
    const reply = await bench
      .visitor()
      .get('/public', { 'x-reflect': CANARY, referer: CANARY, 'user-agent': CANARY })
    expect(JSON.stringify(reply.headers) + reply.text).not.toContain(CANARY)
    expect(Object.keys(reply.headers)).not.toContain('x-powered-by')
  })
})

function scriptsBelow(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return scriptsBelow(path)
    return /\.(?:js|json|txt|map)$/.test(entry.name) ? [readFileSync(path, 'utf8')] : []
  })
}
