import { randomBytes } from 'node:crypto'
import { forgedTokens } from '../../support/forged-tokens.ts'

/** What forgeries are made of. */
export interface ForgeryMaterial {
  /** First segment of a token of this app: it names the key, and is no secret. */
  readonly header: string
  /** Tokens of another app, which has another secret. */
  readonly foreign: readonly string[]
}

/** The next forged token. Those that are noise, every other one, are never the same twice. */
export function forge({ header, foreign }: ForgeryMaterial): () => string {
  const [sample = ''] = foreign
  const lengths = sample.split('.').map((part) => Math.floor((part.length * 3) / 4))
  const malformed = forgedTokens(sample)
    .filter((token) => token !== '' && /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/.test(token))
    .filter((token) => !foreign.includes(token))

  /** Of the right form, under the name of the right key, and noise. */
  function noise(): string {
    return [header, '', ...lengths.slice(2).map((bytes) => randomBytes(bytes).toString('base64url'))].join(
      '.',
    )
  }

  const nextForeign = inTurn(foreign)
  const nextMalformed = inTurn(malformed)
  const next = inTurn([
    noise,
    nextForeign,
    noise,
    // Well sealed with another secret, and said to be ours.
    () => [header, ...nextForeign().split('.').slice(1)].join('.'),
    noise,
    nextMalformed,
  ])
  return () => next()()
}

function inTurn<Item>(items: readonly Item[]): () => Item {
  let count = 0
  return () => {
    const item = items[count % items.length]
    if (item === undefined) throw new RangeError('nothing to take in turn')
    count += 1
    return item
  }
}
