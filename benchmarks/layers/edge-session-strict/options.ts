import type { EdgeSessionOptions } from 'edge-session'

export const options = {
  protect: { routes: ['/dashboard/:path*', '/api/me', '/api/ping'], signIn: '/login' },
} satisfies EdgeSessionOptions
