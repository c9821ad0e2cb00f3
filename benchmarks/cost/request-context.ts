import { AsyncLocalStorage } from 'node:async_hooks'

/** Stands in for `next/headers`, which only works inside Next.js. */
export interface RequestContext {
  readonly headers: Headers
  readonly cookies: { set(setting: { readonly name: string; readonly value: string }): void }
}

export const requestContext: AsyncLocalStorage<RequestContext> = new AsyncLocalStorage()

export async function headers(): Promise<Headers> {
  return present().headers
}

export async function cookies(): Promise<RequestContext['cookies']> {
  return present().cookies
}

function present(): RequestContext {
  const context = requestContext.getStore()
  if (context === undefined) throw new Error('There is no request.')
  return context
}
