import type { StatelessOptions } from 'edge-session'

export const options = {
  mode: 'stateless',
  protect: { routes: ['/dashboard/:path*', '/api/me', '/api/ping'], signIn: '/login' },
} satisfies StatelessOptions
