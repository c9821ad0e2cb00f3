import { join } from 'node:path'
import { EdgeVM } from '@edge-runtime/vm'
import { build } from 'esbuild'
import { type LocalKV, startLocalKV } from 'local-kv'
import { afterAll, describe, expect, it } from 'vitest'
import { changeFeedContract, sessionStoreContract } from '../src/lib/store-contract.ts'
import type { EdgeRun } from './support/edge-contract.ts'
import { createMovingClock } from './support/moving-clock.ts'
import { ON_REDIS, provideRedis } from './support/provide-redis.ts'

const movingClock = createMovingClock()
const embedded = await startLocalKV()
const redis = await provideRedis(10)
const real = redis && (await startLocalKV({ redis: redis.url }))
afterAll(async () => {
  await Promise.all([embedded.stop(), real?.stop()])
  await redis?.stop()
})

const { outputFiles } = await build({
  entryPoints: [join(import.meta.dirname, 'support/edge-contract.ts')],
  bundle: true,
  write: false,
  format: 'iife',
  platform: 'browser',
  conditions: ['edge-light'],
})
const bundle = outputFiles[0]?.text ?? ''

function startVM(globals: Record<string, unknown>): EdgeVM {
  const vm = new EdgeVM({
    extend: (context) => Object.assign(context, { advanceClock: movingClock.advance }, globals),
  })
  vm.evaluate(bundle)
  return vm
}

const bare = startVM({})
/** The clients of Vercel read their environment when they are loaded; Next.js' edge runtime has it. */
const withEnvironment = startVM({ process: { env: {} } })

describe('an edge runtime', () => {
  it('has nothing of Node.js to lean on', () => {
    expect(bare.evaluate('typeof process + typeof Buffer + typeof require')).toBe(
      'undefinedundefinedundefined',
    )
  })
})

interface Suite {
  readonly vm: EdgeVM
  readonly kv: LocalKV | null
  readonly transport: EdgeRun['transport']
  readonly contract: EdgeRun['contract']
}

const inMemory: readonly Suite[] = [
  { contract: 'store', transport: 'memory', vm: bare, kv: embedded },
  { contract: 'changes', transport: 'memory', vm: bare, kv: embedded },
]
const onEmbedded: readonly Suite[] = [
  { contract: 'store', transport: 'rest', vm: bare, kv: embedded },
  { contract: 'changes', transport: 'rest', vm: bare, kv: embedded },
  { contract: 'store', transport: 'upstash', vm: bare, kv: embedded },
  { contract: 'changes', transport: 'upstash', vm: bare, kv: embedded },
  { contract: 'store', transport: 'vercel-kv', vm: withEnvironment, kv: embedded },
  { contract: 'changes', transport: 'vercel-kv', vm: withEnvironment, kv: embedded },
]
const onReal: readonly Suite[] = [
  { contract: 'store', transport: 'rest', vm: bare, kv: real },
  { contract: 'changes', transport: 'rest', vm: bare, kv: real },
  { contract: 'store', transport: 'upstash', vm: bare, kv: real },
  { contract: 'changes', transport: 'upstash', vm: bare, kv: real },
  { contract: 'store', transport: 'vercel-kv', vm: withEnvironment, kv: real },
  { contract: 'changes', transport: 'vercel-kv', vm: withEnvironment, kv: real },
]

describe.each(inMemory)('the $contract contract in $transport in an edge runtime', keepsContract)
describe.each(onEmbedded)('the $contract contract over $transport in an edge runtime', keepsContract)
describe.skipIf(redis === null)(ON_REDIS, () => {
  describe.each(onReal)('the $contract contract over $transport in an edge runtime', keepsContract)
})

function keepsContract({ vm, kv, transport, contract }: Suite): void {
  const clock = kv === embedded ? 'moves' : 'stands'
  const prefix = `${crypto.randomUUID()}:`
  const cases = contract === 'store' ? sessionStoreContract : changeFeedContract
  for (const [index, { name, needsClock }] of cases.entries()) {
    it.skipIf(needsClock && clock === 'stands')(name, async () => {
      movingClock.restore()
      const { url = '', token = '' } = kv ?? {}
      const run: EdgeRun = {
        contract,
        index,
        transport,
        prefix: `${prefix}${index}:`,
        kv: { url, token },
        clock,
      }
      expect(await vm.evaluate(`runCase(${JSON.stringify(run)})`)).toBe('')
    })
  }
}
