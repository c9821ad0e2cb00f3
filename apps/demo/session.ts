import { createEdgeSession } from './session-mode' // in your app: from 'edge-session'
import { sessionOptions } from './session-options'

export const {
  proxy,
  assertConfigured,
  createSession,
  destroySession,
  getSession,
  listSessions,
  lookupSession,
  protectRoute,
  publicRoute,
  reauthenticate,
  requireSession,
  revokeAllSessions,
  revokeOtherSessions,
  revokeSession,
  rotateSession,
  sessionHandlers,
  updateSession,
} = createEdgeSession({
  protect: {
    signIn: '/login',
    reauthenticate: '/confirm',
    routes: [
      '/dashboard/:path*',
      '/admin/:path*',
      '/sensitive',
      '/confirm',
      '/cached',
      '/files/private/:path*',
      '/:tenant/settings',
      '/api/me',
      '/api/sessions/:path*',
      '/api/auth/rotate',
      '/api/auth/reauth',
      { path: '/api/admin/:path*', allow: (session) => session.role === 'admin' },
    ],
  },
  ...sessionOptions,
})
