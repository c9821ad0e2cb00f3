import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEMO } from '../support/copy-variant.ts'

/** The demo's users, odd names and all. */
export const USERS: readonly string[] = (
  JSON.parse(readFileSync(join(DEMO, 'users.json'), 'utf8')) as readonly { readonly id: string }[]
).map(({ id }) => id)
