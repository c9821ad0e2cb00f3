export { proxy } from './session'

// Everything but Next.js' own static files: what is protected is decided in session.ts, in one place.
export const config = { matcher: '/((?!_next/static/|_next/image).*)' }
