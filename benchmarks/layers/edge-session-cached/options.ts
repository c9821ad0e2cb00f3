import type { EdgeSessionOptions } from 'edge-session'

export const options = {
  cache: { revocationLag: '5s' },
  protect: { routes: ['/dashboard/:path*', '/api/me', '/api/ping'], signIn: '/login' },
} satisfies EdgeSessionOptions
