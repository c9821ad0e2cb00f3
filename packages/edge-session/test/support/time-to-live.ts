import type { LocalKV } from 'local-kv'
import { expect } from 'vitest'

/** Some tests store what is not ours, without an end. */
export interface TimeToLiveOptions {
  /** Default `false`: after every test, each key in KV has a time to live. */
  readonly keysMayStay?: boolean
}

/** Whatever was done, no key stays for ever. Asked of the primary itself: no fault, pause or lag hides anything. */
export async function expectEveryKeyToExpire(kv: LocalKV): Promise<void> {
  const keys = ((await kv.command('KEYS', '*')) as readonly unknown[]).map(String)
  const ttls = await Promise.all(keys.map((key) => kv.command('PTTL', key)))
  // -2: it has just expired.
  const staying = keys.filter((_, n) => ttls[n] !== -2 && !(Number(ttls[n]) >= 0))
  expect(staying, 'keys without a time to live').toEqual([])
}

/** Of instances that are not stopped yet, those whose keys must not stay. `each-file.ts` looks at them after each test. */
export const watched = new Set<LocalKV>()

export async function expectWatchedKeysToExpire(): Promise<void> {
  for (const kv of watched) if (await hasFewKeys(kv)) await expectEveryKeyToExpire(kv)
}

/** To look at more than a hundred after each of hundreds of tests takes longer than the tests. */
async function hasFewKeys(kv: LocalKV): Promise<boolean> {
  return Number(await kv.command('DBSIZE')) <= 100
}
