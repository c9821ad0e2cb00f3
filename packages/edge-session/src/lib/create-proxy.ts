import { createKVEngine } from './kv-engine.ts'
import { kvRecognitionStore } from './kv-recognition.ts'
import type { EdgeSessionOptions } from './options.ts'
import { createProxyFunction, type ProxyFunction } from './proxy.ts'
import type { JsonObject } from './record.ts'
import type { RecognitionStore } from './session-store.ts'

/**
 * Only the proxy, for those who want nothing of `next/headers` in their edge bundle. Options as in `createEdgeSession`,
 * but for `mode: 'stateless'`.
 */
export function createProxy<Data extends object = JsonObject>(
  options: EdgeSessionOptions<Data, RecognitionStore> = {},
): ProxyFunction {
  return createProxyFunction(createKVEngine(options, kvRecognitionStore))
}

/**
 * A proxy with every option at its default and everything else from the environment: it recognises visitors, clears
 * dead cookies and injects `x-user-id`. It protects no path; pages do that with `requireSession()`.
 */
export const proxy: ProxyFunction = createProxy()
