import { environment } from './environment.ts'

let warned = false

/** In development, once: a proxy file that Next.js ignores makes no sound of its own. */
export function warnOfMissingProxy(): void {
  if (warned || environment('NODE_ENV') !== 'development') return
  warned = true
  console.warn(
    'edge-session: a page asked for the session and the proxy had not run for its request. That costs a KV command, and nothing records activity. ' +
      'Check that the file is proxy.ts (Next.js 16) or middleware.ts (Next.js 15), beside app/ (in src/ if app/ is there), and that its matcher covers the path.',
  )
}
