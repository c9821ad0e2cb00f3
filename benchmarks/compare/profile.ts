import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BENCHMARKS, buildVariants } from './build-variant.ts'
import { type CpuProfile, selfTimes } from './cpu-profile.ts'
import { startKV } from './kv.ts'
import { load } from './load.ts'
import { startSite } from './site.ts'
import { API, PAGE } from './targets.ts'
import type { Variant } from './variants.ts'
import { signIn } from './visitor.ts'

const SHOWN = 25
const REQUESTS = 4_000

/** Loads one variant with a page and an API route, and tells which of its functions the time went to. */
export async function profile(variant: Variant, redis: string): Promise<void> {
  await buildVariants([variant])
  const directory = join(BENCHMARKS, '.local/profiles', variant.id)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const kv = await startKV(redis)
  try {
    const nodeOptions = ['--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=200']
    const site = await startSite(variant, { env: kv.env, nodeOptions })
    const visitors = [await signIn(site.origin), await signIn(site.origin)]
    for (const target of [PAGE, API]) {
      await load({ variant, site, kv, visitors }, { target, connections: 10, until: { requests: REQUESTS } })
    }
    await site.stop()
  } finally {
    await kv.stop()
  }
  for (const name of await readdir(directory)) {
    console.log(join(directory, name))
    console.log(describe(JSON.parse(await readFile(join(directory, name), 'utf8')) as CpuProfile))
  }
}

/** A page view and an API call are a request each, half of them this, half that. The start of the server counts too. */
function describe(profiled: CpuProfile): string {
  const requests = 2 * REQUESTS
  const times = selfTimes(profiled)
  const table = (title: string, by: (frame: (typeof times)[number]) => string | null) => {
    const sums = new Map<string, number>()
    for (const frame of times) {
      const key = by(frame)
      if (key !== null) sums.set(key, (sums.get(key) ?? 0) + frame.time)
    }
    const top = [...sums].sort(([, a], [, b]) => b - a).slice(0, SHOWN)
    return [title, ...top.map(([key, time]) => `${(time / requests).toFixed(1).padStart(7)}  ${key}`)]
  }
  return [
    ...table('\nµs of each request, by package', ({ origin }) => origin),
    ...table('\nµs of each request in edge-session, what it calls of Node.js included', ({ origin, name }) =>
      origin === 'edge-session' ? name : null,
    ),
  ].join('\n')
}
