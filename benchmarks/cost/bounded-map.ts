/**
 * Keeps at least the `size` entries used last and at most twice as many, as quick-lru does, which edge-session uses:
 * when `size` new ones have come, what was not used since then goes.
 */
export interface BoundedMap<Key, Value> {
  get(key: Key): Value | undefined
  set(key: Key, value: Value): void
  delete(key: Key): void
  clear(): void
}

export function createBoundedMap<Key, Value>(size: number): BoundedMap<Key, Value> {
  let recent = new Map<Key, Value>()
  let older = new Map<Key, Value>()

  function set(key: Key, value: Value): void {
    const isNew = !recent.has(key)
    recent.set(key, value)
    if (isNew) older.delete(key)
    if (recent.size >= size && isNew) {
      older = recent
      recent = new Map()
    }
  }

  return {
    set,
    get(key) {
      const found = recent.get(key)
      if (found !== undefined) return found
      const old = older.get(key)
      if (old !== undefined) set(key, old)
      return old
    },
    delete(key) {
      recent.delete(key)
      older.delete(key)
    },
    clear() {
      recent = new Map()
      older = new Map()
    },
  }
}
