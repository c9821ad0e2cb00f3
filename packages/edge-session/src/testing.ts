export { type MemoryStoreOptions, memoryStore } from './lib/memory-store.ts'
export { signedInCookies, type TestCookie } from './lib/signed-in-cookies.ts'
export type { StoreContractCase, StoreHarness, StoreUnderTest } from './lib/store-contract/store-case.ts'
export { changeFeedContract, sessionStoreContract } from './lib/store-contract.ts'
