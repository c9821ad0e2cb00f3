import { register } from 'node:module'

// Next.js has no `exports`, so Node.js alone finds `next/headers.js` but not `next/headers`, which edge-session imports.
register('./next-specifiers.js', import.meta.url)
