import { connect } from 'node:net'

export interface RawReply {
  readonly status: number
  /** Status line, headers and body, as they came. */
  readonly text: string
}

/** One request with a target that no client library would send. */
export function sendRaw(
  port: number,
  {
    method = 'GET',
    target,
    headers = {},
  }: { method?: string; target: string; headers?: Readonly<Record<string, string>> },
): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: 'localhost' })
    const lines = Object.entries({ host: `localhost:${port}`, connection: 'close', ...headers })
    let text = ''
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer to ${target}`)))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text }))
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.write(`${method} ${target} HTTP/1.1\r\n${head}\r\n`, 'latin1')
  })
}

/** Runs `work` over all items, a few at a time. */
export async function forAll<Item>(
  items: readonly Item[],
  { atOnce, work }: { atOnce: number; work: (item: Item) => Promise<void> },
): Promise<void> {
  const waiting = [...items]
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
    }),
  )
}
