// The package hides both, and only a test has use for the one thing that opens a session without being its token.
import { createSeal } from '../../../packages/edge-session/src/lib/seal.ts'

/** The secret inside of a token; `null` if it was sealed with another secret. */
export async function sidOf(token: string, secret: string): Promise<string | null> {
  const unsealed = await createSeal([secret]).unseal('token', token)
  return unsealed.kind === 'opened' ? String((unsealed.claims as { s: unknown }).s) : null
}
