import { createServer } from 'node:net'
import { directoryOf, NEXT } from './build-variant.ts'
import { startChild } from './child.ts'
import type { Variant } from './variants.ts'

/** A running variant. */
export interface Site {
  readonly origin: string
  readonly pid: number
  readonly output: () => string
  stop(): Promise<void>
}

export interface SiteOptions {
  readonly env: Readonly<Record<string, string>>
  readonly nodeOptions?: readonly string[]
}

const SECRET = 'a secret of more than thirty-two characters for benchmarks alone'

/** `next start` on a loopback port. */
export async function startSite(variant: Variant, { env, nodeOptions = [] }: SiteOptions): Promise<Site> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const args = [...nodeOptions, NEXT, 'start', '-H', '127.0.0.1', '-p', String(port)]
  const child = await startChild(args, {
    cwd: directoryOf(variant),
    env: {
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      SESSION_SECRET: SECRET,
      BETTER_AUTH_URL: origin,
      ...variant.env,
      ...env,
    },
    ready: /Ready in/,
  })
  return { origin, ...child }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
