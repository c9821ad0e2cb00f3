import 'server-only'
import { isIP } from 'node:net'
import { headers } from 'next/headers'

/**
 * The address that the nearest reverse proxy saw: Vercel's, or your own. Without one in front, Next.js believes a header
 * that the visitor sends: then this is whatever they say, and so is a limit by address.
 */
export async function clientAddress(): Promise<string | null> {
  const forwarded = (await headers()).get('x-forwarded-for')
  const address = forwarded?.split(',').at(-1)?.trim() ?? ''
  return isIP(address) === 0 ? null : address
}
