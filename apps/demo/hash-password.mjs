// Prints a password's hash for users.json:  node hash-password.mjs 'the password'
import { randomBytes, scryptSync } from 'node:crypto'

// The smallest memory on the list of OWASP's Password Storage Cheat Sheet (ASVS 5.0, 11.4.2) that Node.js allows as it is.
const [N, r, p] = [2 ** 14, 8, 5]
const salt = randomBytes(16)
const hash = scryptSync(process.argv[2] ?? '', salt, 32, { N, r, p })
console.log(['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$'))
