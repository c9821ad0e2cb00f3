/** Fails the case unless both are the same JSON value: same own keys in any order, same types, nothing rounded. */
export function expectEqual(actual: unknown, expected: unknown, what = 'the value'): void {
  const at = differenceAt(actual, expected, what)
  if (at !== null) throw new Error(`${at}: expected ${show(expected)}, got ${show(actual)}.`)
}

/** Fails the case unless both hold the same strings, in any order. */
export function expectSameIds(
  actual: readonly string[],
  expected: readonly string[],
  what = 'the ids',
): void {
  expectEqual([...actual].sort(), [...expected].sort(), what)
}

/** Fails the case with the fact that was expected. */
export function expectThat(holds: unknown, fact: string): asserts holds {
  if (!holds) throw new Error(`expected that ${fact}.`)
}

function differenceAt(actual: unknown, expected: unknown, path: string): string | null {
  if (Object.is(actual, expected)) return null
  if (!isObject(actual) || !isObject(expected) || Array.isArray(actual) !== Array.isArray(expected))
    return path
  const keys = Object.keys(expected)
  if (Object.keys(actual).length !== keys.length) return path
  for (const key of keys) {
    if (!Object.hasOwn(actual, key)) return `${path}.${key}`
    const at = differenceAt(actual[key], expected[key], `${path}.${key}`)
    if (at !== null) return at
  }
  return null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
