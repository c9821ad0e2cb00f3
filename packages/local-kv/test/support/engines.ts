import { describe, inject } from 'vitest'

export interface EngineUnderTest {
  readonly engine: string
  /** `null` where it is not there to be tested. */
  readonly options: EngineOptions | null
}

export interface EngineOptions {
  readonly redis?: string
}

/** The engines to run a suite on. Suites that run at the same time name different Redis databases. */
export function engines(database: number): readonly [embedded: EngineUnderTest, real: EngineUnderTest] {
  const redisUrl = inject('redisUrl')
  return [
    { engine: 'the embedded engine', options: {} },
    redisUrl === ''
      ? { engine: 'a real Redis (skipped without REDIS_URL or redis-server)', options: null }
      : { engine: 'a real Redis', options: { redis: `${redisUrl}/${database}` } },
  ]
}

/** `describe.each` of engines, of which those that are not there are skipped. */
export function describeOn(
  each: readonly EngineUnderTest[],
): (name: string, suite: (given: { readonly options: EngineOptions }) => void) => void {
  return (name, suite) => {
    for (const { engine, options } of each)
      describe.skipIf(options === null)(name.replace('$engine', engine), () =>
        suite({ options: options ?? {} }),
      )
  }
}
