export { createProxy, proxy } from './lib/create-proxy.ts'
export { decodeUserId, USER_ID_HEADER } from './lib/identity.ts'
export type { EdgeSessionOptions } from './lib/options.ts'
export type { ProxyFunction } from './lib/proxy.ts'
