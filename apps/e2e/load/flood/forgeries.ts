import { randomBytes } from 'node:crypto'
import { forgedTokens } from '../../support/forged-tokens.ts'

/** What forgeries are made of. */
export interface ForgeryMaterial {
  /** First segment of a token of this app: it names the key, and is no secret. */
  readonly header: string
  /** Tokens of another app, which has another secret. */
  readonly foreign: readonly string[]
}

/** The next forged token, never the same twice but for the malformed ones. */
export function forge({ header, foreign }: ForgeryMaterial): () => string {
  const [sample = ''] = foreign
  const lengths = sample.split('.').map((part) => Math.floor((part.length * 3) / 4))
  const malformed = forgedTokens(sample)
    .filter((token) => token !== '' && /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/.test(token))
    .filter((token) => !foreign.includes(token))
  let count = 0

  function random(bytes: number): string {
    return randomBytes(bytes).toString('base64url')
  }

  /** Of the right form, under the name of the right key, and noise. */
  function noise(): string {
    return [header, '', ...lengths.slice(2).map(random)].join('.')
  }

  /** Well sealed, but with another secret; half of them say it was ours. */
  function foreignToken(): string {
    const parts = (foreign[count % foreign.length] ?? sample).split('.')
    return (count % 2 === 0 ? parts : [header, ...parts.slice(1)]).join('.')
  }

  const kinds = [noise, foreignToken, () => malformed[count % malformed.length] ?? 'x', noise]
  return () => {
    count += 1
    return kinds[count % kinds.length]?.() ?? noise()
  }
}
