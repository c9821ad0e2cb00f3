import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../src/lib/engine.ts'
import type { JsonObject } from '../src/lib/record.ts'
import type { RequestState } from '../src/lib/request-state.ts'
import { createSessionFunctions } from '../src/lib/server.ts'
import type { SessionWriter } from '../src/lib/session-writer.ts'
import { createStatelessEngine } from '../src/lib/stateless-engine.ts'
import { SECRET, startInstance, type TestInstance } from './support/instance.ts'
import { newRecord } from './support/records.ts'

let app: TestInstance & { stop(): Promise<void> }
beforeAll(async () => {
  app = await startInstance()
})
afterAll(() => app.stop())

/** The functions as a server component has them: Next.js refuses every `cookies().set` there. */
async function whileRendering(
  token: string | null,
  { engine, writer }: App = { engine: app.engine, writer: () => app.lifecycle },
) {
  const held = await engine.recognise(token === null ? [] : [token])
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
    engine,
    writer,
    requestState: async () => state,
  })
}

interface App {
  readonly engine: Engine<JsonObject>
  readonly writer: () => SessionWriter
}

describe('while a page renders', () => {
  it.each(['createSession', 'destroySession', 'rotateSession', 'reauthenticate'] as const)(
    '%s refuses before it changes anything',
    async (name) => {
      const token = await app.signIn('alice')
      const functions = await whileRendering(token)
      const change: () => Promise<unknown> = () => functions[name]({ userId: 'alice' } as never)
      const { result, commands } = await app.commandsDuring(() =>
        change().catch((error) => [error.code, error.message]),
      )
      const message = expect.stringMatching(`^edge-session: ${name}\\(\\) needs to set a cookie`)
      expect([result, commands]).toEqual([['ERR_READ_ONLY_CONTEXT', message], 0])
      expect((await app.engine.recognise([token])).outcome).toBe('active')
    },
  )

  it('a first sign-in leaves nothing behind', async () => {
    const functions = await whileRendering(null)
    const { result, commands } = await app.commandsDuring(() =>
      functions.createSession({ userId: 'carol' }).catch((error) => [error.code, error.message]),
    )
    expect(result).toEqual(['ERR_READ_ONLY_CONTEXT', expect.stringContaining('createSession()')])
    expect(commands).toBe(0)
    expect(await app.lifecycle.list('carol')).toEqual([])
  })

  it('reading and updating data work', async () => {
    const functions = await whileRendering(await app.signIn('alice'))
    expect((await functions.getSession())?.userId).toBe('alice')
    expect((await functions.updateSession({ theme: 'dark' })).data).toEqual({ theme: 'dark' })
  })

  it('updating data works beside a cache, though no new token can be handed out', async () => {
    const { engine, lifecycle } = app.with({ cache: {} })
    const token = await app.signIn('alice')
    const functions = await whileRendering(token, { engine, writer: () => lifecycle })
    expect((await functions.updateSession({ theme: 'dark' })).data).toEqual({ theme: 'dark' })
    expect(await app.engine.recognise([token])).toMatchObject({ session: { data: { theme: 'dark' } } })
  })

  it('updating data is refused before it happens where the session is in the cookie', async () => {
    const events: string[] = []
    const engine = createStatelessEngine<JsonObject>({
      mode: 'stateless',
      secret: SECRET,
      onEvent: ({ type }) => events.push(type),
    })
    const record = newRecord()
    const { token } = await engine.writer().create(record, { remember: true, previous: null })
    events.length = 0
    const functions = await whileRendering(token, { engine, writer: engine.writer })
    await expect(functions.updateSession({ theme: 'dark' })).rejects.toMatchObject({
      code: 'ERR_READ_ONLY_CONTEXT',
      message: expect.stringContaining('updateSession()'),
    })
    expect(events).toEqual([])
  })
})
