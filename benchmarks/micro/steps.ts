import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { kvStore } from 'edge-session'
import { createProxy } from 'edge-session/proxy'
import { signedInCookies } from 'edge-session/testing'
import { restTransport } from 'edge-session/transports/rest'
import { type NextFetchEvent, NextRequest, NextResponse } from 'next/server.js'
import type * as SealModule from '../../packages/edge-session/dist/lib/seal.js'
import type * as TokenModule from '../../packages/edge-session/dist/lib/token.js'
import { ROOT } from '../scale/repository.ts'
import { FIRST_VISIT } from './step-names.ts'

/** One step of ours, and the least that any library would have to do for it. */
export interface Step {
  readonly name: string
  readonly floor: { readonly name: string; readonly run: () => Promise<unknown> }
  readonly run: () => Promise<unknown>
}

const SECRET = 'a secret of more than thirty-two characters for benchmarks alone'
const URL = 'https://example.com/dashboard'
const DAY = 86_400_000
/** More than a server remembers. */
const UNSEEN_TOKENS = 25_000

/** `env`: how to reach KV. */
export async function createSteps(env: Readonly<Record<string, string>>): Promise<readonly Step[]> {
  return [...(await cryptographicSteps()), ...(await lookUpSteps(env)), ...(await proxySteps(env))]
}

async function cryptographicSteps(): Promise<readonly Step[]> {
  // Not exported by the package: only what it is built of.
  const { createSeal } = await internal<typeof SealModule>('seal')
  const { createTokens } = await internal<typeof TokenModule>('token')
  const seal = createSeal([SECRET])
  const tokens = createTokens({ seal, now: Date.now })
  const now = Date.now()
  const claims = {
    sid: randomBytes(32).toString('base64url'),
    userId: 'a-user-of-this-app',
    issuedAt: now,
    absoluteEnd: now + 30 * DAY,
    remember: true,
  }
  const token = await tokens.issue(claims)
  const bytes = new TextEncoder().encode(JSON.stringify(claims))
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const encrypted = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, bytes)
  const encrypt = {
    name: 'AES-GCM encrypt of WebCrypto',
    run: () =>
      crypto.subtle.encrypt({ name: 'AES-GCM', iv: crypto.getRandomValues(new Uint8Array(12)) }, key, bytes),
  }
  const decrypt = {
    name: 'AES-GCM decrypt of WebCrypto',
    run: () => crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, encrypted),
  }
  return [
    { name: 'seal a token', floor: encrypt, run: () => tokens.issue(claims) },
    { name: 'unseal a token', floor: decrypt, run: () => seal.unseal('token', token) },
    { name: 'open a token seen before', floor: decrypt, run: () => tokens.open([token]) },
  ]
}

async function lookUpSteps(env: Readonly<Record<string, string>>): Promise<readonly Step[]> {
  const address = { url: env.UPSTASH_REDIS_REST_URL ?? '', token: env.UPSTASH_REDIS_REST_TOKEN ?? '' }
  const transport = restTransport(address)
  const options = {
    secret: SECRET,
    kv: transport,
    protect: { routes: ['/dashboard'], signIn: '/login' },
  } as const
  const userId = 'a-user-of-this-app'
  const [cookie] = await signedInCookies({ userId }, { ...options, url: URL })
  if (cookie === undefined) throw new Error('Nobody was signed in.')

  const store = kvStore({ transport })
  const [record] = await store.list(userId)
  if (record === undefined) throw new Error('There is no session.')
  const fields = ['s', 't', 'r'].map((field) => `${field}:${record.id}`)
  const body = JSON.stringify(['HMGET', `session:${userId}`, ...fields, 'nonce'])
  const headers = { authorization: `Bearer ${address.token}` }
  const ask = {
    name: 'the same command by a bare fetch',
    run: async () => (await fetch(address.url, { method: 'POST', headers, body })).text(),
  }

  const proxy = createProxy(options)
  const visitor = { headers: { cookie: `${cookie.name}=${cookie.value}` } }
  const forged = { headers: { cookie: `${cookie.name}=${forgedToken(cookie.value)}` } }
  const stranger = { headers: {} }
  const pass = {
    name: 'NextResponse.next()',
    run: async () => NextResponse.next({ headers: { 'x-url': new NextRequest(URL, stranger).url } }),
  }
  return [
    { name: 'look a session up', floor: ask, run: () => store.read(record, { authoritative: false }) },
    { name: 'proxy, signed in', floor: ask, run: () => expectStatus(200, visitor) },
    { name: 'proxy, forged cookie', floor: pass, run: () => expectStatus(307, forged) },
    { name: 'proxy, no cookie', floor: pass, run: () => expectStatus(307, stranger) },
  ]

  async function expectStatus(status: number, init: { headers: Record<string, string> }): Promise<void> {
    const response = await proxy(new NextRequest(URL, init), EVENT)
    if (response.status !== status) throw new Error(`The proxy answers ${response.status}, not ${status}.`)
  }
}

/** The proxy without the way to KV, which answers from memory at once. */
async function proxySteps(env: Readonly<Record<string, string>>): Promise<readonly Step[]> {
  const transport = restTransport({
    url: env.UPSTASH_REDIS_REST_URL ?? '',
    token: env.UPSTASH_REDIS_REST_TOKEN ?? '',
  })
  const common = { secret: SECRET, touchInterval: '1h' } as const
  const userId = 'another-user-of-this-app'
  const [cookie] = await signedInCookies({ userId }, { ...common, kv: transport, url: URL })
  if (cookie === undefined) throw new Error('Nobody was signed in.')
  let replies: ReturnType<typeof transport> | undefined
  const proxy = createProxy({
    ...common,
    protect: { routes: ['/dashboard'], signIn: '/login' },
    kv(commands, how) {
      replies ??= transport(commands, how)
      return replies
    },
  })

  const { createSeal } = await internal<typeof SealModule>('seal')
  const { createTokens } = await internal<typeof TokenModule>('token')
  const seal = createSeal([SECRET])
  const tokens = createTokens({ seal, now: Date.now })
  const opened = await tokens.open([cookie.value])
  if (typeof opened === 'string') throw new Error(opened)
  // Sealed again and again: the same session under tokens that nothing remembers.
  const unseen = await Promise.all(Array.from({ length: UNSEEN_TOKENS }, () => tokens.issue(opened.claims)))
  let next = 0

  async function visit(token: string): Promise<void> {
    const headers = { cookie: `${cookie?.name}=${token}` }
    const response = await proxy(new NextRequest(URL, { headers }), EVENT)
    if (response.status !== 200) throw new Error(`The proxy answers ${response.status}.`)
  }
  const floor = await cryptographyOf(opened.claims)
  return [
    {
      name: FIRST_VISIT,
      floor,
      run() {
        next = (next + 1) % unseen.length
        return visit(unseen[next] ?? '')
      },
    },
    { name: 'proxy without KV, token seen before', floor, run: () => visit(cookie.value) },
  ]
}

/** What no proxy can leave out that opens a sealed cookie and hands the page something sealed. */
async function cryptographyOf(claims: object): Promise<Step['floor']> {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const encode = (text: string) => new TextEncoder().encode(text)
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const token = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, encode(JSON.stringify(claims)))
  const identity = encode(JSON.stringify({ ...claims, of: 'a record of about the usual size'.repeat(8) }))
  return {
    name: 'its cryptography: one decrypt, two digests, one encrypt',
    async run() {
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, token)
      await Promise.all([
        crypto.subtle.digest('SHA-256', encode('a sid of forty-three characters, base64url')),
        crypto.subtle.digest('SHA-256', token),
      ])
      const other = crypto.getRandomValues(new Uint8Array(12))
      await crypto.subtle.encrypt({ name: 'AES-GCM', iv: other }, key, identity)
    },
  }
}

/** The token with the tag of another one. */
function forgedToken(token: string): string {
  const tag = createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url')
  return `${token.slice(0, token.lastIndexOf('.') + 1)}${tag}`
}

/** The part of an event that a proxy uses. */
const EVENT = { waitUntil() {} } as unknown as NextFetchEvent

function internal<Module>(name: string): Promise<Module> {
  return import(
    pathToFileURL(join(ROOT, `packages/edge-session/dist/lib/${name}.js`)).href
  ) as Promise<Module>
}
