import { join } from 'node:path'
import { EdgeVM } from '@edge-runtime/vm'
import { build } from 'esbuild'
import { startLocalKV } from 'local-kv'
import { afterAll, describe, expect, it } from 'vitest'
import { sessionStoreContract } from '../src/lib/store-contract.ts'
import { createMovingClock } from './support/moving-clock.ts'

const clock = createMovingClock()
const kv = await startLocalKV()
afterAll(() => kv.stop())

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
    extend: (context) => Object.assign(context, { advanceClock: clock.advance }, globals),
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

describe.each([
  { transport: 'rest', vm: bare },
  { transport: 'upstash', vm: bare },
  { transport: 'vercel-kv', vm: withEnvironment },
])('a KV store over $transport in an edge runtime', ({ transport, vm }) => {
  for (const [index, { name }] of sessionStoreContract.entries()) {
    it(name, async () => {
      clock.restore()
      const { url, token } = kv
      const run = JSON.stringify({ index, transport, prefix: `${transport}:${index}:`, kv: { url, token } })
      expect(await vm.evaluate(`runCase(${run})`)).toBe('')
    })
  }
})
