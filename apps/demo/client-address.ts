import 'server-only'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
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
  const parsed = ipaddr.process(address.replace(/%.*/, ''))
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString()
}
