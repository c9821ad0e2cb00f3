import 'server-only'
import { isIP } from 'node:net'
import { headers } from 'next/headers'

/** The address the nearest proxy saw: Vercel's, your own, or without one Next.js itself. */
export async function clientAddress(): Promise<string | null> {
  const forwarded = (await headers()).get('x-forwarded-for')
  const address = forwarded?.split(',').at(-1)?.trim() ?? ''
  return isIP(address) === 0 ? null : address
}
