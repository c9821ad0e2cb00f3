import 'server-only'
import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import seed from './users.json'

export interface User {
  readonly id: string
  readonly role: string
}

const users = new Map(seed.map((user) => [user.id, user]))

/** Hashed against for unknown users, so that they take as long as a wrong password. */
const NOBODY = `scrypt$16384$8$5$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** The user, if the password is theirs. */
export async function checkPassword({
  id,
  password,
}: {
  id: string
  password: string
}): Promise<User | null> {
  const user = users.get(id)
  const matches = await verify(password, user?.password ?? NOBODY)
  return user !== undefined && matches ? { id: user.id, role: user.role } : null
}

async function verify(password: string, stored: string): Promise<boolean> {
  const [, N, r, p, salt = '', hash = ''] = stored.split('$')
  const expected = Buffer.from(hash, 'base64url')
  const options = { N: Number(N), r: Number(r), p: Number(p) }
  return timingSafeEqual(await derive({ password, salt: Buffer.from(salt, 'base64url'), options }), expected)
}

function derive(input: { password: string; salt: Buffer; options: ScryptOptions }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(input.password, input.salt, 32, input.options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}
