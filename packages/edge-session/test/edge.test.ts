import { join } from 'node:path'
import { EdgeVM } from '@edge-runtime/vm'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OTHER_SECRET, SECRET, startInstance, type TestInstance } from './support/instance.ts'

/** Everything the proxy entry needs, in a bare edge runtime: no `process`, no `Buffer`, nothing of Node. */
async function startVM(): Promise<EdgeVM> {
  const { outputFiles } = await build({
    stdin: {
      resolveDir: join(import.meta.dirname, '..'),
      loader: 'ts',
      contents: `
        import { NextRequest } from 'next/server.js'
        import { createProxy } from './src/proxy.ts'
        import { restTransport } from './src/transports/rest.ts'
        globalThis.visit = async ({ secret, kv, path, cookie }) => {
          const proxy = createProxy({ secret, kv: restTransport(kv), protect: { routes: ['/dashboard'] } })
          const headers = { cookie, 'x-user-id': 'forged' }
          const response = await proxy(new NextRequest('https://app.test' + path, { headers }), { waitUntil() {} })
          return JSON.stringify({ status: response.status, headers: [...response.headers] })
        }`,
    },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    conditions: ['edge-light'],
    // Next.js' own modules read process.env, which its edge runtime provides; ours get by without.
    define: { 'process.env': '{"NODE_ENV":"production"}', __dirname: '"/"' },
  })
  const vm = new EdgeVM()
  vm.evaluate(outputFiles[0]?.text ?? '')
  return vm
}

let app: TestInstance & { stop(): Promise<void> }
let vm: EdgeVM
beforeAll(async () => {
  ;[app, vm] = await Promise.all([startInstance(), startVM()])
})
afterAll(() => app.stop())

async function visitInVM({ secret = SECRET, path = '/dashboard', token = '' }) {
  const input = JSON.stringify({
    secret,
    path,
    kv: { url: app.kv.url, token: app.kv.token },
    cookie: `__Host-session=${token}`,
  })
  const result = JSON.parse(await vm.evaluate(`globalThis.visit(${input})`))
  return { status: result.status as number, headers: new Headers(result.headers) }
}

describe('the proxy in a bare edge runtime', () => {
  it('has neither process nor Buffer to lean on', () => {
    expect(vm.evaluate('typeof process + typeof Buffer + typeof require')).toBe('undefinedundefinedundefined')
  })

  it('recognises a visitor with one KV command', async () => {
    const token = await app.signIn('josé')
    const { result, commands } = await app.commandsDuring(() => visitInVM({ token }))
    expect(commands).toBe(1)
    expect(result.headers.get('x-middleware-request-x-user-id')).toBe('jos%C3%A9')
  })

  it('clears a revoked session, refuses a forged one, and redirects', async () => {
    const token = await app.signIn('alice')
    await app.lifecycle.revokeAll('alice', { except: null })
    const revoked = await visitInVM({ token })
    expect([revoked.status, revoked.headers.get('location')]).toEqual([
      307,
      'https://app.test/login?next=%2Fdashboard',
    ])
    expect(revoked.headers.get('set-cookie')).toContain('Expires=Thu, 01 Jan 1970')
    const { commands } = await app.commandsDuring(() => visitInVM({ token: `${token}x` }))
    expect(commands).toBe(0)
  })

  it('keeps the cookie when KV does not answer, or the secret is another one', async () => {
    const token = await app.signIn('alice')
    const other = await visitInVM({ token, secret: OTHER_SECRET })
    await app.kv.pause()
    const down = await visitInVM({ token })
    await app.kv.resume()
    expect([down.status, down.headers.get('set-cookie'), other.headers.get('set-cookie')]).toEqual([
      503,
      null,
      null,
    ])
    expect((await visitInVM({ token })).status).toBe(200)
  })
})
