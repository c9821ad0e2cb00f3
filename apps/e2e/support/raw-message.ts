/** How far a response has come: whether all of it is there, and whether another may follow on the connection. */
export function measure(text: string, method: string): { complete: boolean; keepsOpen: boolean } {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return { complete: false, keepsOpen: false }
  const head = text.slice(0, headEnd).toLowerCase()
  const body = text.slice(headEnd + 4)
  const keepsOpen = !/\r\nconnection: *close/.test(head)
  if (method === 'HEAD' || /^http\/1\.1 (?:204|304)/.test(head)) return { complete: true, keepsOpen }
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1]
  if (length !== undefined) return { complete: body.length >= Number(length), keepsOpen }
  if (/\r\ntransfer-encoding: *chunked/.test(head)) return { complete: chunksAreComplete(body), keepsOpen }
  // Until the connection ends.
  return { complete: false, keepsOpen: false }
}

function chunksAreComplete(body: string): boolean {
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at)
    if (lineEnd === -1) return false
    const size = Number.parseInt(body.slice(at, lineEnd), 16)
    if (size === 0) return body.startsWith('\r\n', lineEnd + 2)
    at = lineEnd + 2 + size + 2
    if (at > body.length) return false
  }
}
