import { startRedisServer } from '../scale/redis-server.ts'
import { bench } from './bench.ts'
import { parseCommandLine } from './command-line.ts'
import { profile } from './profile.ts'
import { redraw } from './publish.ts'

// Without this, what was started would outlive us: only an exit in order ends it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const commandLine = parseCommandLine(process.argv.slice(2))
if (commandLine.redraw) await redraw()
else await measure()

async function measure(): Promise<void> {
  const redis = await startRedisServer(['--databases', '64'])
  try {
    if (commandLine.profile === null) await bench(commandLine, redis.url)
    else await profile(commandLine.profile, redis.url)
  } finally {
    await redis.stop()
  }
}
