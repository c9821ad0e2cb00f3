/** Pages of `fixtures/` that ask for no session: what shows there, the proxy has let through. */
export const PROXIED = [
  '/acme/proxied',
  '/favicon.ico/proxied',
  '/_next/proxied',
  '/vault/a',
  '/vault/a/b',
] as const

/** Addresses of another that resemble those by which Next.js asks for data and segments. */
export const RESEMBLING = [
  '/_Next/data/x/y.json',
  '/%5fnext/data/x/y.json',
  '/_%6eext/data/x/y.json',
  '/_NeXT/data/x/Y.JsOn',
  '/%2e/%5fnext/data/x/y.json',
  '/acme/data/x.RSC',
  '/acme/data/x%2ersc',
  '/acme/data/x.segments/y.segment',
] as const

/** Another, the same for everybody, made by the build. */
export const PRERENDERED = '/prerendered'

/** One of them again, where the copies' matcher has no proxy run. */
export const UNMATCHED = '/unmatched/proxied'
