import { type JsonObject, SessionTooLargeError } from 'edge-session'

/** Bytes. More than any form needs, and than a session may hold. */
const LONGEST_BODY = 64 * 1_024

/**
 * The request's body if it is a JSON object, otherwise `null`.
 * @throws SessionTooLargeError as soon as more than 64 KiB have come, whatever they are; `protectRoute` and `publicRoute`
 * answer it with 413.
 */
export async function readJsonObject(request: Request): Promise<JsonObject | null> {
  try {
    const body: unknown = JSON.parse(await readText(request))
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as JsonObject) : null
  } catch (error) {
    if (error instanceof SessionTooLargeError) throw error
    return null
  }
}

/** `request.text()` keeps whatever anybody sends; where there is a proxy, Next.js itself the first 10 MB of it. */
async function readText({ body }: Request): Promise<string> {
  if (body === null) return ''
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.byteLength
    if (bytes > LONGEST_BODY) {
      await reader.cancel()
      throw new SessionTooLargeError(bytes, LONGEST_BODY)
    }
    text += decoder.decode(part.value, { stream: true })
  }
  return text + decoder.decode()
}
