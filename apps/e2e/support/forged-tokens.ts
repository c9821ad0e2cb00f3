import { randomBytes } from 'node:crypto'

/** Cookie values that are not ours, made from one that is. */
export function forgedTokens(token: string): readonly string[] {
  const parts = token.split('.')
  const header = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64url')
  const random = (bytes: number) => randomBytes(bytes).toString('base64url')
  const claims = Buffer.from(JSON.stringify({ sub: 'alice', role: 'admin', exp: 9_999_999_999 })).toString(
    'base64url',
  )
  const all = [
    '',
    'x',
    'null',
    'undefined',
    'true',
    '{}',
    '""',
    `"${token}"`,
    '.',
    '....',
    'a.b.c.d.e',
    '%00',
    '%',
    'alice',
    'admin',
    claims,
    // Every part cut, doubled, changed, swapped or gone.
    ...parts.flatMap((part, i) => {
      const put = (value: string) => parts.map((other, j) => (i === j ? value : other)).join('.')
      return [
        put(''),
        put(part.slice(1)),
        put(`${part}A`),
        put(part + part),
        put(flip(part)),
        put(random(16)),
      ]
    }),
    [...parts].reverse().join('.'),
    parts.slice(0, 4).join('.'),
    parts.slice(0, 3).join('.'),
    `${token}.`,
    `.${token}`,
    `${token}x`,
    token.slice(0, -1),
    token.slice(1),
    token.toLowerCase(),
    token.toUpperCase(),
    encodeURIComponent(token).replaceAll('.', '%2E'),
    // Other algorithms, none, and what makes careless parsers work hard.
    `${header({ alg: 'none' })}.${claims}.`,
    `${header({ alg: 'HS256', typ: 'JWT' })}.${claims}.${random(32)}`,
    `${header({ alg: 'dir', enc: 'A256GCM' })}..${random(12)}.${random(80)}.${random(16)}`,
    `${header({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })}..${random(12)}.${random(80)}.${random(16)}`,
    `${header({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', p2c: 10_000_000, p2s: random(16) })}.${random(24)}.${random(12)}.${random(80)}.${random(16)}`,
    `${header({ alg: 'RSA-OAEP', enc: 'A256GCM', jku: 'http://127.0.0.1:1/' })}.${random(256)}.${random(12)}.${random(80)}.${random(16)}`,
    `${header({ alg: 'A256KW', enc: 'A256GCM', crit: ['x'] })}.${random(40)}.${random(12)}.${random(80)}.${random(16)}`,
    'A'.repeat(4_000),
    `${'A'.repeat(2_000)}.${'B'.repeat(2_000)}`,
    ...Array.from({ length: 20 }, () => random(1 + Math.floor(Math.random() * 200))),
  ]
  return all.filter((value) => value !== token)
}

function flip(text: string): string {
  return text === '' ? 'A' : (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
}
