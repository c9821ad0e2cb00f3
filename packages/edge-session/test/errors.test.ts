import { afterEach, describe, expect, it, vi } from 'vitest'
import { environment } from '../src/lib/environment.ts'
import {
  ConfigurationError,
  EdgeSessionError,
  InvalidArgumentError,
  ReadOnlyContextError,
  SessionLimitError,
  SessionNotFoundError,
  SessionTooLargeError,
  SessionUnknownError,
  UpdateConflictError,
} from '../src/lib/errors.ts'
import { resolveOptions, type StatelessOptions } from '../src/lib/options.ts'
import { SECRET } from './support/secrets.ts'

afterEach(() => vi.unstubAllGlobals())

describe('errors', () => {
  it.each<[() => EdgeSessionError, string, string, string]>([
    [
      () => new EdgeSessionError('ERR_CONFIGURATION', 'text.'),
      'EdgeSessionError',
      'ERR_CONFIGURATION',
      'edge-session: text.',
    ],
    [() => new ConfigurationError('text.'), 'ConfigurationError', 'ERR_CONFIGURATION', 'edge-session: text.'],
    [
      () => new InvalidArgumentError('text.'),
      'InvalidArgumentError',
      'ERR_INVALID_ARGUMENT',
      'edge-session: text.',
    ],
    [
      () => new SessionTooLargeError(5_000, 4_096),
      'SessionTooLargeError',
      'ERR_SESSION_TOO_LARGE',
      'edge-session: the session takes 5000 bytes, over the limit of 4096. Keep large values in your database and only their key in the session.',
    ],
    [
      () => new SessionLimitError(),
      'SessionLimitError',
      'ERR_SESSION_LIMIT',
      'edge-session: this user already has the maximum number of sessions. Ask them to sign out on another device.',
    ],
    [
      () => new SessionNotFoundError(),
      'SessionNotFoundError',
      'ERR_SESSION_NOT_FOUND',
      'edge-session: there is no active session. Ask the visitor to sign in.',
    ],
    [
      () => new SessionUnknownError('read'),
      'SessionUnknownError',
      'ERR_SESSION_UNKNOWN',
      'edge-session: the session store did not answer "read". Try again; answer 503 meanwhile.',
    ],
    [
      () => new SessionUnknownError('create', 'timeout'),
      'SessionUnknownError',
      'ERR_SESSION_UNKNOWN',
      'edge-session: the session store did not answer "create" (timeout). Try again; answer 503 meanwhile.',
    ],
    [
      () => new ReadOnlyContextError('createSession'),
      'ReadOnlyContextError',
      'ERR_READ_ONLY_CONTEXT',
      'edge-session: createSession() needs to set a cookie, which Next.js allows only in a server action or a route handler. Move the call there.',
    ],
    [
      () => new UpdateConflictError(),
      'UpdateConflictError',
      'ERR_UPDATE_CONFLICT',
      'edge-session: the session kept changing while it was being updated. Try again.',
    ],
  ])('number %# has a name, a code and a sentence', (make, name, code, message) => {
    const error = make()
    expect([error.name, error.code, error.message]).toEqual([name, code, message])
    expect(error).toBeInstanceOf(EdgeSessionError)
  })

  it('carry what an app may act on', () => {
    expect(new SessionTooLargeError(5_000, 4_096)).toMatchObject({ bytes: 5_000, limit: 4_096 })
    expect(new SessionUnknownError('create', 'timeout')).toMatchObject({
      operation: 'create',
      reason: 'timeout',
    })
    expect(new SessionUnknownError('read').reason).toBeNull()
  })
})

describe('one variable of the environment', () => {
  it('is what is set, and nothing where it is empty, unset, or there is no environment', () => {
    vi.stubGlobal('process', { env: { FULL: 'x', EMPTY: '' } })
    expect(['FULL', 'EMPTY', 'UNSET'].map(environment)).toEqual(['x', undefined, undefined])
    vi.stubGlobal('process', {})
    expect(environment('FULL')).toBeUndefined()
    vi.stubGlobal('process', undefined)
    expect(environment('FULL')).toBeUndefined()
  })
})

describe('without a store', () => {
  it.each([
    ...['kv', 'prefix', 'kvTimeout', 'store', 'cache'],
    ...['rotateEvery', 'rotationGrace', 'maxSessions', 'whenFull'],
  ])('the option %s is refused, and not when it is undefined', (name) => {
    const made = (value: unknown) => () =>
      resolveOptions({ mode: 'stateless', secret: SECRET, idle: '1h', [name]: value } as StatelessOptions)
    expect(made('given')).toThrow(`edge-session: "${name}" has no meaning with mode: "stateless". Remove it.`)
    expect(made(undefined)).not.toThrow()
  })
})
