import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { KeyspaceEntry, RedisServerState } from 'js-redis-server/core'

/** The data of the embedded engine in a file, so that it outlives the process. */
export interface Snapshot {
  /** Writes what has not been written yet and stops following. */
  close(): Promise<void>
}

/** How long after a change the file is written. */
export const SNAPSHOT_DELAY_MS = 500

/**
 * Loads the file if there is one, then writes it again after changes. A file that cannot be understood
 * is kept beside the new one, and the data starts empty.
 */
export async function openSnapshot(file: string, state: RedisServerState): Promise<Snapshot> {
  const database = state.getDatabase(0)
  for (const { key, value, expiresAt } of await load(file)) {
    if (expiresAt === undefined) database.set(key, value)
    else if (expiresAt > Date.now()) database.set(key, value, { expiresAt })
  }

  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const save = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    // One that failed is told by itself, and does not stand in the way of the next.
    writing = writing.catch(() => {}).then(() => write(file, database.entriesSnapshot()))
    return writing
  }

  const unsubscribe = database.subscribe(() => {
    timer ??= setTimeout(() => {
      save().catch((error: unknown) => warn(`cannot write the snapshot ${file} (${codeOf(error)})`))
    }, SNAPSHOT_DELAY_MS).unref()
  })

  return {
    async close() {
      unsubscribe()
      await save()
    },
  }
}

/** Changes with the layout of the payload, which is that of the pinned engine's data. */
const HEADER = 'local-kv snapshot 1'

async function write(file: string, entries: readonly KeyspaceEntry[]): Promise<void> {
  const payload = serialize(entries)
  const temporary = `${file}.${process.pid}.tmp`
  await mkdir(dirname(file), { recursive: true })
  // Sessions are secrets: nobody else on the machine may read them.
  await writeFile(temporary, Buffer.concat([Buffer.from(`${HEADER} ${digest(payload)}\n`), payload]), {
    mode: 0o600,
  })
  await rename(temporary, file)
}

async function load(file: string): Promise<readonly KeyspaceEntry[]> {
  let content: Buffer
  try {
    content = await readFile(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw new Error(
      `local-kv: cannot read the snapshot ${file} (${codeOf(error)}). Make it readable or choose another file.`,
    )
  }
  const lineEnd = content.indexOf('\n')
  const payload = content.subarray(lineEnd + 1)
  if (content.toString('utf8', 0, Math.max(lineEnd, 0)) === `${HEADER} ${digest(payload)}`) {
    return deserialize(payload) as KeyspaceEntry[]
  }
  const kept = `${file}.corrupt-${Date.now()}`
  await rename(file, kept)
  warn(`the snapshot ${file} is damaged; starting empty and keeping it as ${kept}`)
  return []
}

function digest(payload: Buffer): string {
  return createHash('sha256').update(payload).digest('hex')
}

function warn(text: string): void {
  console.warn(`local-kv: ${text}.`)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
