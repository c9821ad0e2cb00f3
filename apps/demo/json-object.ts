import type { JsonObject } from 'edge-session'

/** The request's body if it is a JSON object, otherwise `null`. */
export async function readJsonObject(request: Request): Promise<JsonObject | null> {
  try {
    const body: unknown = await request.json()
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as JsonObject) : null
  } catch {
    return null
  }
}
