import {
  AppRouteRouteModule,
  type AppRouteUserlandModule,
} from 'next/dist/server/route-modules/app-route/module.js'
import { NextRequest } from 'next/server.js'

export interface RouteRequest {
  readonly headers?: Record<string, string>
  readonly params?: Record<string, string | string[]>
}

/**
 * Sends a request through Next.js' own app route module, which gives handlers their `headers()` and `cookies()` and
 * puts the cookies they set onto the response. Not public API, so this is the one place that knows of it.
 */
export async function callRoute(
  exported: object,
  method: string,
  { headers = {}, params = {} }: RouteRequest = {},
): Promise<Response> {
  const module = new AppRouteRouteModule({
    userland: () => exported as AppRouteUserlandModule,
    definition: {
      kind: 'APP_ROUTE',
      page: '/route',
      pathname: '/route',
      filename: '',
      bundlePath: '',
    } as never,
    distDir: '',
    relativeProjectDir: '',
    resolvedPagePath: '',
    nextConfigOutput: undefined,
  })
  return module.handle(new NextRequest('https://app.test/route', { method, headers }), {
    params,
    previewProps: { previewModeId: '', previewModeEncryptionKey: '', previewModeSigningKey: '' },
    renderOpts: { waitUntil: undefined, experimental: {} },
    sharedContext: { buildId: 'test', deploymentId: '' },
  } as never)
}
