import QuickLRU from 'quick-lru'

/**
 * A bounded map that proxy, pages and route handlers of one process share. Next.js loads this module once for each of
 * them, so only `globalThis` is common ground. What is in it saves work; nothing in it decides whether a session is alive.
 */
export function sharedMemo<Value>({ name, maxSize }: { name: string; maxSize: number }): Memo<Value> {
  const scope = globalThis as Record<symbol, unknown>
  const slot = Symbol.for(`edge-session.memo.${name}.1`)
  const memo = scope[slot] instanceof Object ? scope[slot] : new QuickLRU<string, Value>({ maxSize })
  scope[slot] = memo
  return memo as Memo<Value>
}

/** The part of a map that the callers use. */
export interface Memo<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): unknown
  delete(key: string): boolean
}
