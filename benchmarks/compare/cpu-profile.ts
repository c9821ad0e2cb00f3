import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/** What `node --cpu-prof` writes. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  /** Ids of nodes. */
  readonly samples: readonly number[]
  /** Microseconds. */
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: CallFrame
  readonly children?: readonly number[]
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** From 0. */
  readonly lineNumber: number
  readonly columnNumber: number
}

export interface SelfTime {
  /** A package, or `Node.js` for what its event loop calls by itself. */
  readonly origin: string
  readonly name: string
  readonly time: number
}

/** Time by function as it is written in its source. What is Node.js' own counts for whoever called it. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly SelfTime[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const times = new Map<number, number>()
  for (const [index, sample] of samples.entries()) {
    times.set(sample, (times.get(sample) ?? 0) + (timeDeltas[index] ?? 0))
  }
  return [...times].flatMap(([id, time]) => {
    const frame = byId.get(id)?.callFrame
    if (frame === undefined || frame.functionName === '(idle)') return []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const owner = byId.get(at)?.callFrame
      const written = owner === undefined ? null : sourceOf(owner)
      if (written !== null) return [{ ...written, time }]
    }
    const name = frame.functionName || '(anonymous)'
    return [{ origin: 'Node.js', name: `${name} ${frame.url}`, time }]
  })
}

function sourceOf({ functionName, url, lineNumber, columnNumber }: CallFrame): Omit<SelfTime, 'time'> | null {
  if (!url.startsWith('file:')) return null
  const file = fileURLToPath(url)
  // The frame begins at a parenthesis, which minifiers map to nothing; what it holds is mapped.
  const entry = mapOf(file)?.findEntry(lineNumber, columnNumber + 2)
  // Some entries name no source, whatever their type says.
  const mapped = entry !== undefined && 'originalSource' in entry && entry.originalSource ? entry : null
  const source = mapped?.originalSource ?? file
  const line = mapped?.originalLine ?? lineNumber
  const origin = packageOf(source) ?? packageOf(file) ?? 'the site'
  return {
    origin,
    name: `${functionName || '(anonymous)'} ${source.replace(/^.*node_modules\//, '')}:${line + 1}`,
  }
}

function packageOf(path: string): string | null {
  return /.*node_modules\/((?:(?:@|%40)[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? null
}

const maps = new Map<string, SourceMap | undefined>()

function mapOf(file: string): SourceMap | undefined {
  if (!maps.has(file)) {
    const path = `${file}.map`
    maps.set(file, existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, 'utf8'))) : undefined)
  }
  return maps.get(file)
}
