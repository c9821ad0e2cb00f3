/** Whether a host name (no port) means this machine. Anything else is refused to listen on or to answer for. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    hostname === '::1' ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  )
}

/**
 * Whether a `Host` header names this machine. A page of another site can make a browser send requests
 * here under its own name (DNS rebinding); those carry that name.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  const match = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host ?? '')
  return isLoopback((match?.[1] ?? '').toLowerCase())
}

export const FOREIGN_HOST = 'ERR this server answers only under a loopback host name'
