import { changeCases } from './store-contract/change-cases.ts'
import { createCases } from './store-contract/create-cases.ts'
import { destroyCases } from './store-contract/destroy-cases.ts'
import { expiryCases } from './store-contract/expiry-cases.ts'
import { readCases } from './store-contract/read-cases.ts'
import { replaceCases } from './store-contract/replace-cases.ts'
import { rotateCases } from './store-contract/rotate-cases.ts'
import type { StoreContractCase } from './store-contract/store-case.ts'
import { touchCases } from './store-contract/touch-cases.ts'
import { updateCases } from './store-contract/update-cases.ts'
import { valueCases } from './store-contract/value-cases.ts'

/**
 * What every {@link SessionStore} must do, as cases for any test runner, in any runtime with Web APIs. A store that
 * passes them can stand in for the KV store; one that does not will sign users out, or fail to.
 *
 * @example
 * ```ts
 * import { sessionStoreContract } from 'edge-session/testing'
 *
 * for (const { name, needsClock, run } of sessionStoreContract) {
 *   test.skipIf(needsClock)(name, () => run({ createStore: async () => ({ store: myStore(await emptyDatabase()) }) }))
 * }
 * ```
 */
export const sessionStoreContract: readonly StoreContractCase[] = [
  ...createCases,
  ...readCases,
  ...touchCases,
  ...updateCases,
  ...rotateCases,
  ...replaceCases,
  ...destroyCases,
  ...valueCases,
  ...expiryCases,
]

/** What a store must do besides, to be used with the `cache` option: to have {@link SessionStore.changes}. */
export const changeFeedContract: readonly StoreContractCase[] = changeCases
