import { expect } from 'vitest'
import type { KVEngine } from '../../../src/lib/kv-engine.ts'
import type { JsonObject } from '../../../src/lib/record.ts'
import type { SessionStore } from '../../../src/lib/session-store.ts'
import { type Found, type ModelState, resolve } from './sessions.ts'
import type { TokenInfo } from './world.ts'

export const LAG = 5_000

/** A node that serves from memory: what it says must have been right at some time within its lag. */
export interface Watcher {
  /** What is true from now on. */
  note(state: ModelState): void
  look(
    engine: KVEngine<JsonObject, SessionStore>,
    options: { tokens: readonly TokenInfo[]; now: number; mayBeUnknown: boolean },
  ): Promise<number>
}

export function createWatcher(clock: { readonly now: number }): Watcher {
  let past: { readonly state: ModelState; until: number }[] = []

  return {
    note(state) {
      const last = past.at(-1)
      if (last !== undefined) last.until = clock.now
      past = [
        ...past.filter(({ until }) => until >= clock.now - LAG),
        { state, until: Number.POSITIVE_INFINITY },
      ]
    },

    async look(engine, { tokens, now, mayBeUnknown }) {
      let late = 0
      const states = past.filter(({ until }) => until > now - LAG).map(({ state }) => state)
      for (const { token, userId, id, family, absoluteEnd } of tokens) {
        const found = states.map((state) => resolve([state], { userId, id, family, now }))
        // To look would end the session.
        if (found.some(({ kind }) => kind === 'reuse')) continue
        const seen = await engine.recognise([token])
        const right = now >= absoluteEnd ? ['none'] : found.map(textOf)
        if (mayBeUnknown) right.push('unknown')
        const text =
          seen.outcome === 'active'
            ? `${seen.record.id} ${seen.record.version} ${JSON.stringify(seen.record.data)}`
            : seen.outcome
        expect(right).toContain(text)
        if (seen.outcome === 'active' && text !== right[found.length - 1]) late += 1
      }
      return late
    },
  }
}

function textOf(found: Found): string {
  if (found.kind !== 'active') return found.kind
  const { id, version, data } = found.session
  return `${id} ${version} ${JSON.stringify(data)}`
}
