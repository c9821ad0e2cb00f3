// `npm start` (after a build) and `pnpm dev`: a local KV and the demo, on this machine only. No KV with SESSION_MODE=stateless.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { startLocalKV } from 'local-kv'

const mode = process.argv[2] === 'dev' ? 'dev' : 'start'
const here = fileURLToPath(new URL('.', import.meta.url))
const local = `${here}.local/`
const host = '127.0.0.1'
const port = process.env.PORT || '3000'

if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
  fail('PORT must be a whole number from 1 to 65535.')
}
if (mode === 'start' && !existsSync(`${here}.next/BUILD_ID`)) {
  fail('The demo is not built. Run "npm start" at the root, which builds it first.')
}
// Browsers take "localhost" for either address.
if (!(await isFree(host)) || !(await isFree('::1'))) {
  fail(
    `Port ${port} is in use. Stop what listens there, or choose another: PORT=${Number(port) + 1} npm start`,
  )
}
// After it is known to be free, so that nobody keeps the question waiting.
if (await isBarred()) fail(`Browsers open no page at port ${port}. Choose another: PORT=4000 npm start`)

mkdirSync(local, { recursive: true, mode: 0o700 })
const stateless = process.env.SESSION_MODE === 'stateless'
const kv = stateless
  ? null
  : await startLocalKV({ snapshot: `${local}kv` }).catch((error) => fail(error.message))
const next = spawn(
  process.execPath,
  [createRequire(import.meta.url).resolve('next/dist/bin/next'), mode, '-p', port, '-H', host],
  {
    cwd: here,
    stdio: 'inherit',
    env: {
      SESSION_SECRET: secret('session-secret'),
      CRON_SECRET: secret('cron-secret'),
      ...process.env,
      ...(kv !== null && { UPSTASH_REDIS_REST_URL: kv.url, UPSTASH_REDIS_REST_TOKEN: kv.token }),
    },
  },
)

let stopping = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
if (process.env.npm_lifecycle_event !== undefined) {
  // The shell between npm and us passes no signal on: when it is gone, we go too.
  const shell = process.ppid
  setInterval(() => process.ppid !== shell && stop(), 500).unref()
}
next.on('error', async (error) => {
  await kv?.stop()
  fail(error.message)
})
next.on('exit', async (code) => {
  await kv?.stop()
  process.exit(stopping ? 0 : code || 1)
})

if (await isUp()) greet()

function stop() {
  stopping = true
  next.kill('SIGTERM')
}

/** Made up once and kept, so that sessions survive a restart. */
function secret(name) {
  const file = local + name
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

function isFree(address) {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', ({ code }) => resolve(code !== 'EADDRINUSE'))
    probe.listen({ port, host: address }, () => probe.close(() => resolve(true)))
  })
}

/** Ports of other protocols, by the Fetch standard. */
async function isBarred() {
  const error = await fetch(`http://${host}:${port}`, { method: 'HEAD' }).catch((reason) => reason)
  return error instanceof Error && error.cause?.message === 'bad port'
}

async function isUp() {
  while (next.exitCode === null && !stopping) {
    try {
      await fetch(`http://${host}:${port}/static`)
      return true
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  return false
}

function greet() {
  const users = JSON.parse(readFileSync(`${here}users.json`, 'utf8'))
  const odd = users
    .slice(2)
    .map(({ id }) => (id.length > 20 ? `"${id[0]}" × ${id.length}` : JSON.stringify(id)))
  console.log(`
  Demo   http://localhost:${port}

  Users  alice (admin)   password demo-alice
         bob   (member)  password demo-bob
         and ${odd.join(', ')}: "demo-" and the name

  Ctrl-C stops ${kv === null ? 'the demo' : 'the demo and its KV'}.
`)
  if (mode === 'start') {
    console.log('  Safari keeps secure cookies only over https: there, start with INSECURE_DEV_COOKIES=1.\n')
  }
}

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
