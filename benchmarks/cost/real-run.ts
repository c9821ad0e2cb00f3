import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { Redis } from 'ioredis'
import { startLocalKV } from 'local-kv'
import { startRedisServer } from '../scale/redis-server.ts'
import type { CacheSettings } from './edge-session-ways.ts'
import type { InstanceAnswer, InstanceRequest, InstanceSetup } from './instance.ts'
import { arrivals, signedInAtFirst, type Traffic } from './traffic.ts'

/** Commands that real instances sent, and that Redis ran for them. */
export interface Counted {
  readonly requests: number
  readonly sent: number
  readonly run: number
  /** Of a command and its reply, without the headers of HTTP. */
  readonly bytesPerCommand: number
}

/** Time from the sign-ins to the first arrival: long enough that activity is recorded again. */
const BEFORE = 10 * 60_000

/**
 * Lets the traffic arrive at real instances, each in a thread of its own, one request after the other. Their clocks show
 * the time of the traffic, not ours.
 */
export async function countForReal(
  traffic: Traffic,
  { mode, settings }: { mode: 'strict' | 'cached'; settings: CacheSettings },
): Promise<Counted> {
  const { touchInterval, revocationLag, memory } = settings
  const server = await startRedisServer()
  const kv = await startLocalKV({ redis: server.url })
  const redis = new Redis(server.url)
  const setup: InstanceSetup = {
    url: kv.url,
    token: kv.token,
    touchInterval: `${touchInterval}ms`,
    cache: mode === 'strict' ? undefined : { revocationLag: `${revocationLag}ms`, memory },
  }
  const instances: { readonly generation: number; readonly worker: Worker }[] = []
  try {
    const beginning = Date.now()
    const cookies = await signInAll(traffic, { setup, now: beginning - BEFORE })
    const before = { sent: kv.stats().commands, run: await commandsRun(redis) }
    let requests = 0
    let bytes = 0
    for (const { at, user, kind, instance, generation } of arrivals(traffic)) {
      const present = instances[instance]
      if (present?.generation !== generation) {
        await present?.worker.terminate()
        instances[instance] = { generation, worker: startInstance(setup) }
      }
      const request = { now: beginning + at, user, kind, cookie: cookies[user] ?? '' }
      const answer = await ask(instances[instance]?.worker, request)
      cookies[user] = answer.cookie
      bytes += answer.bytes
      requests += 1
    }
    const sent = kv.stats().commands - before.sent
    return { requests, sent, run: (await commandsRun(redis)) - before.run, bytesPerCommand: bytes / sent }
  } finally {
    await Promise.all(instances.map((present) => present?.worker.terminate()))
    redis.disconnect()
    await kv.stop()
    await server.stop()
  }
}

/** Everyone is signed in on another device, and most on the one that comes by. Gives the cookies of the latter. */
async function signInAll(
  traffic: Traffic,
  { setup, now }: { setup: InstanceSetup; now: number },
): Promise<string[]> {
  const worker = startInstance(setup)
  const cookies: string[] = []
  for (const [user, signedIn] of signedInAtFirst(traffic).entries()) {
    const request = { now, user, kind: 'sign-in', cookie: '' } as const
    await ask(worker, request)
    cookies.push(signedIn === 1 ? (await ask(worker, request)).cookie : '')
  }
  await worker.terminate()
  return cookies
}

function startInstance(workerData: InstanceSetup): Worker {
  const hooks = new URL('instance-hooks.js', import.meta.url).href
  return new Worker(new URL('instance.js', import.meta.url), {
    workerData,
    execArgv: ['--conditions=react-server', '--import', hooks],
  })
}

async function ask(worker: Worker | undefined, request: InstanceRequest): Promise<InstanceAnswer> {
  if (worker === undefined) throw new Error('There is no such instance.')
  worker.postMessage(request)
  const [answer] = await once(worker, 'message')
  return answer
}

/** Those inside scripts included, those of connecting not. */
async function commandsRun(redis: Redis): Promise<number> {
  const statistics = await redis.info('commandstats')
  const counts = [...statistics.matchAll(/^cmdstat_([a-z]+)[^:]*:calls=(\d+)/gm)]
  return counts
    .filter(
      ([, name]) => !['info', 'hello', 'client', 'select', 'auth', 'ping', 'config'].includes(name ?? ''),
    )
    .reduce((sum, [, , calls]) => sum + Number(calls), 0)
}
