import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../src/lib/record.ts'
import type { RequestState } from '../src/lib/request-state.ts'
import { createSessionFunctions } from '../src/lib/server.ts'
import { startInstance, type TestInstance } from './support/instance.ts'

let app: TestInstance & { stop(): Promise<void> }
beforeAll(async () => {
  app = await startInstance()
})
afterAll(() => app.stop())

/** The functions as a server component has them: Next.js refuses every `cookies().set` there. */
async function whileRendering(token: string | null) {
  const held = await app.engine.recognise(token === null ? [] : [token])
  const state = {
    headers: new Headers(),
    cookies: {
      set() {
        throw new Error('Cookies can only be modified in a Server Action or Route Handler.')
      },
    },
    recognise: async () => held,
    requireActive: async () => held,
    heldToken: async () => (held.outcome === 'active' ? held.token : null),
    assertKVAnswers: async () => {},
    replace() {},
  } as unknown as RequestState<JsonObject>
  return createSessionFunctions({
    engine: app.engine,
    writer: () => app.lifecycle,
    requestState: async () => state,
  })
}

describe('while a page renders', () => {
  it.each(['createSession', 'destroySession', 'rotateSession', 'reauthenticate'] as const)(
    '%s refuses before it changes anything',
    async (name) => {
      const token = await app.signIn('alice')
      const functions = await whileRendering(token)
      const { result, commands } = await app.commandsDuring(() =>
        functions[name]({ userId: 'alice' } as never).catch((error) => error.code),
      )
      expect([result, commands]).toEqual(['ERR_READ_ONLY_CONTEXT', 0])
      expect((await app.engine.recognise([token])).outcome).toBe('active')
    },
  )

  it('a first sign-in leaves nothing behind', async () => {
    const functions = await whileRendering(null)
    await expect(functions.createSession({ userId: 'carol' })).rejects.toMatchObject({
      code: 'ERR_READ_ONLY_CONTEXT',
    })
    expect(await app.lifecycle.list('carol')).toEqual([])
  })

  it('reading and updating data work', async () => {
    const functions = await whileRendering(await app.signIn('alice'))
    expect((await functions.getSession())?.userId).toBe('alice')
    expect((await functions.updateSession({ theme: 'dark' })).data).toEqual({ theme: 'dark' })
  })
})
