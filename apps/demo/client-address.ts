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

/**
 * Whom an address counts for: a whole /64 of IPv6, as whoever has one address of it can send from all of them
 * (CVE-2026-45364). The same text for every way to write an address, IPv4 within IPv6 included.
 */
export function networkOf(address: string): string {
  const [unscoped = ''] = address.split('%')
  const written = isIP(unscoped) === 4 ? `::ffff:${unscoped}` : unscoped
  // URLs have one spelling for each: 2001:db8::1, ::ffff:c000:201.
  const spelled = new URL(`http://[${written}]`).hostname.slice(1, -1)
  if (/^::ffff:[^:]+:[^:]+$/.test(spelled)) return spelled
  const [before = [], after = []] = spelled.split('::').map((text) => text.split(':').filter(Boolean))
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].slice(0, 4).join(':')
}
