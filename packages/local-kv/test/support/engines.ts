import { inject } from 'vitest'

export interface EngineUnderTest {
  readonly engine: string
  readonly options: { readonly redis?: string }
}

/** The engines to run a suite on. Suites that run at the same time name different Redis databases. */
export function engines(database: number): readonly EngineUnderTest[] {
  const redisUrl = inject('redisUrl')
  const embedded = { engine: 'the embedded engine', options: {} }
  return redisUrl
    ? [embedded, { engine: 'a real Redis', options: { redis: `${redisUrl}/${database}` } }]
    : [embedded]
}
