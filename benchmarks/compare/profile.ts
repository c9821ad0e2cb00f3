import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BENCHMARKS, buildVariants } from './build-variant.ts'
import { startKV } from './kv.ts'
import { load } from './load.ts'
import { startSite } from './site.ts'
import { API, PAGE } from './targets.ts'
import type { Variant } from './variants.ts'
import { signIn } from './visitor.ts'

/** Loads one variant with a page and an API route, and tells which of its functions the time went to. */
export async function profile(variant: Variant, redis: string): Promise<void> {
  await buildVariants([variant])
  const directory = join(BENCHMARKS, '.local/profiles', variant.id)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const kv = await startKV(redis)
  try {
    const nodeOptions = [
      '--cpu-prof',
      `--cpu-prof-dir=${directory}`,
      '--cpu-prof-interval=200',
      '--enable-source-maps',
    ]
    const site = await startSite(variant, { env: kv.env, nodeOptions })
    const visitors = [await signIn(site.origin), await signIn(site.origin)]
    for (const target of [PAGE, API])
      await load({ site, kv, visitors }, { target, connections: 10, seconds: 8 })
    await site.stop()
  } finally {
    await kv.stop()
  }
  for (const name of await readdir(directory)) {
    console.log(await summaryOf(join(directory, name)))
  }
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
      readonly columnNumber: number
    }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

async function summaryOf(file: string): Promise<string> {
  const { nodes, samples, timeDeltas } = JSON.parse(await readFile(file, 'utf8')) as CpuProfile
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const times = new Map<string, number>()
  let busy = 0
  for (const [index, sample] of samples.entries()) {
    const frame = frames.get(sample)
    const delta = timeDeltas[index] ?? 0
    if (frame === undefined || frame.functionName === '(idle)') continue
    busy += delta
    const where = `${frame.functionName || '(anonymous)'} ${frame.url.replace(/^.*\/(?=[^/]*\/[^/]*$)/, '')}:${frame.lineNumber + 1}:${frame.columnNumber + 1}`
    times.set(where, (times.get(where) ?? 0) + delta)
  }
  const top = [...times].sort(([, a], [, b]) => b - a).slice(0, 60)
  const lines = top.map(([where, time]) => `${((time / busy) * 100).toFixed(2).padStart(6)} %  ${where}`)
  return [`${file}: ${Math.round(busy / 1_000)} ms busy`, ...lines].join('\n')
}
