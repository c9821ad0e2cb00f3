import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KVTransport } from '../src/lib/kv-transport.ts'
import { directTransport } from './prove/support/direct-transport.ts'
import { computeCryptoPromptly } from './prove/support/prompt-crypto.ts'
import { startInstance, type TestInstance } from './support/instance.ts'
import { visit } from './support/visit.ts'

const SCHEDULES = Number(process.env.RACE_SCHEDULES ?? 200)

computeCryptoPromptly()

let app: TestInstance & { stop(): Promise<void> }
beforeAll(async () => {
  app = await startInstance({ absolute: '30d' })
})
afterAll(() => app.stop())

/** A small reproducible generator (mulberry32), so that a failing schedule can be run again by its number. */
function draws(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Holds every command until its turn comes, in an order drawn by `seed`. */
function scheduled(seed: number): {
  kv: KVTransport
  run: <Result>(work: Promise<Result>) => Promise<Result>
} {
  const draw = draws(seed)
  const direct = directTransport(app.kv)
  const waiting: (() => Promise<unknown>)[] = []
  return {
    kv: (commands, options) =>
      new Promise((resolve, reject) => {
        waiting.push(() => direct(commands, options).then(resolve, reject))
      }),
    async run(work) {
      let done = false
      const finished = work.finally(() => {
        done = true
      })
      while (!done) {
        const next = waiting.splice(Math.floor(draw() * waiting.length), 1)[0]
        if (next === undefined) await new Promise((resolve) => setImmediate(resolve))
        else await next()
      }
      return finished
    },
  }
}

describe(`races, over ${SCHEDULES} schedules each`, () => {
  it('sign-out everywhere against requests in flight with activity to record: nothing stays alive', {
    timeout: 120_000,
  }, async () => {
    for (let seed = 0; seed < SCHEDULES; seed += 1) {
      const userId = `user-${seed}`
      const tokens = await Promise.all(Array.from({ length: 5 }, () => app.signIn(userId)))
      app.clock.now += 120_000
      const { kv, run } = scheduled(seed)
      const node = app.with({ kv, kvTimeout: '1m' })
      const visits = Array.from({ length: 50 }, (_, n) =>
        visit(node.proxy, '/', { token: tokens[n % 5] ?? '' }),
      )
      await run(Promise.all([...visits, node.lifecycle.revokeAll(userId, { except: null })]))
      const after = await Promise.all(tokens.map((token) => app.engine.recognise([token])))
      expect({ seed, outcomes: after.map(({ outcome }) => outcome) }).toEqual({
        seed,
        outcomes: Array(5).fill('none'),
      })
      expect(await app.kv.command('EXISTS', `session:${userId}`)).toBe(0)
    }
  })

  it('signing out against rotation, activity and an update of the same session: signed out', {
    timeout: 120_000,
  }, async () => {
    for (let seed = 0; seed < SCHEDULES; seed += 1) {
      const token = await app.signIn(`solo-${seed}`)
      const opened = await app.engine.parts().tokens.open([token])
      const held = await app.engine.recognise([token])
      if (typeof opened === 'string' || held.outcome !== 'active') throw new Error('not signed in')
      app.clock.now += 120_000
      const { kv, run } = scheduled(seed)
      const node = app.with({ kv, kvTimeout: '1m', rotateEvery: '1m' })
      const [first, second] = [visit(node.proxy, '/', { token }), visit(node.proxy, '/', { token })]
      const update = node.lifecycle
        .update(held, (record) => ({ ...record, data: { late: 1 } }))
        .catch((error) => error.code)
      const [visited, , updated] = await run(
        Promise.all([first, second, update, node.lifecycle.destroy(opened)]),
      )
      const successor = /=([^;]+)/.exec(visited.setCookies[0] ?? '')?.[1]
      for (const value of [token, successor]) {
        if (value === undefined || value === '') continue
        expect({ seed, outcome: (await app.engine.recognise([value])).outcome }).toEqual({
          seed,
          outcome: 'none',
        })
      }
      expect(['ERR_SESSION_NOT_FOUND', undefined]).toContain(
        typeof updated === 'string' ? updated : undefined,
      )
      expect(await app.lifecycle.list(`solo-${seed}`)).toEqual([])
    }
  })

  it('rotations of the same token on two nodes: one successor', { timeout: 120_000 }, async () => {
    for (let seed = 0; seed < SCHEDULES; seed += 1) {
      const token = await app.signIn(`twice-${seed}`)
      app.clock.now += 120_000
      const { kv, run } = scheduled(seed)
      const nodes = [
        app.with({ kv, kvTimeout: '1m', rotateEvery: '1m' }),
        app.with({ kv, kvTimeout: '1m', rotateEvery: '1m' }),
      ]
      const visits = Array.from({ length: 6 }, (_, n) =>
        visit(nodes[n % 2]?.proxy ?? app.proxy, '/', { token }),
      )
      const results = await run(Promise.all(visits))
      expect(results.map(({ seen }) => seen?.get('x-user-id'))).toEqual(Array(6).fill(`twice-${seed}`))
      const [live, ...others] = await app.lifecycle.list(`twice-${seed}`)
      expect(others).toEqual([])
      const issued = results.map(({ setCookies }) => /=([^;]+)/.exec(setCookies[0] ?? '')?.[1] ?? 'none')
      const led = await Promise.all(issued.map((value) => app.engine.parts().tokens.open([value])))
      expect(led.map((opened) => (typeof opened === 'string' ? opened : opened.id))).toEqual(
        Array(6).fill(live?.id),
      )
      const old = await app.engine.parts().tokens.open([token])
      expect(typeof old === 'string' ? old : old.id).not.toBe(live?.id)
    }
  })
})
