import { afterEach, describe, expect, it, vi } from 'vitest'
import { environment } from '../src/lib/environment.ts'

const NAME = 'EDGE_SESSION_TEST_VARIABLE'

afterEach(() => vi.unstubAllEnvs())

function without(process: object | undefined): string | undefined {
  vi.stubGlobal('process', process)
  try {
    return environment(NAME)
  } finally {
    vi.unstubAllGlobals()
  }
}

describe('an environment variable', () => {
  it('is its text, and nothing where it is unset or empty', () => {
    expect(environment(NAME)).toBeUndefined()
    vi.stubEnv(NAME, '0')
    expect(environment(NAME)).toBe('0')
    vi.stubEnv(NAME, '')
    expect(environment(NAME)).toBeUndefined()
  })

  it('is nothing where there is no environment', () => {
    vi.stubEnv(NAME, 'set')
    expect(without(undefined)).toBeUndefined()
    expect(without({})).toBeUndefined()
    expect(environment(NAME)).toBe('set')
  })
})
