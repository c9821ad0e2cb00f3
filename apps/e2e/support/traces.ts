/** What must stay where it belongs, with a name to report it by. */
export interface Treasure {
  readonly name: string
  readonly value: string
}

/** Which of them are in a text, as they are or in an encoding that hides nothing. */
export function tracesOf(treasures: readonly Treasure[], text: string): readonly string[] {
  return treasures
    .filter(({ value }) => spellings(value).some((form) => text.includes(form)))
    .map(({ name }) => name)
}

const known = new Map<string, readonly string[]>()

function spellings(value: string): readonly string[] {
  const made = known.get(value) ?? spell(value)
  known.set(value, made)
  return made
}

function spell(value: string): readonly string[] {
  const bytes = Buffer.from(value)
  const raw = Buffer.from(value, 'base64url')
  return [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    bytes.toString('hex'),
    // Without the end, which depends on what follows.
    bytes.toString('base64').replace(/.{0,4}$/, ''),
    bytes.toString('base64url').replace(/.{0,4}$/, ''),
    // Of random bytes that came as base64url.
    ...(raw.toString('base64url') === value && raw.length >= 16
      ? [raw.toString('hex'), raw.toString('base64')]
      : []),
  ]
}
