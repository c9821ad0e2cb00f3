/** The characters of `path` spelled otherwise, one at a time, some at a time, and all of them. */
export function encodings(path: string, buildId: string): readonly string[] {
  const each = [...path].flatMap((character, i) => {
    const put = (text: string) => path.slice(0, i) + text + path.slice(i + 1)
    if (character === '/')
      return i === 0 ? [] : [...SLASHES.map(put), ...INVISIBLE.map((text) => put(`${text}/`))]
    const hex = character.charCodeAt(0).toString(16)
    const once = put(`%${hex}`)
    return [
      once,
      ...[`%${hex.toUpperCase()}`, `%25${hex}`, `%2525${hex}`, `%%3${hex[0]}${hex[1]}`, `%u00${hex}`].map(
        put,
      ),
      ...[
        ...overlong(character),
        character.toUpperCase(),
        `${character}%00`,
        `${character}%09`,
        `${character}%E2%80%8B`,
      ].map(put),
      `${once}.rsc`,
      `${once}.segments/_tree.segment.rsc`,
      `/_next/data/${buildId}${once}.json`,
      encodePair(path, i),
      `/%2e${once}`,
    ]
  })
  const lookalikes = LOOKALIKES.flatMap(([letter, other]) =>
    path.includes(letter) ? [path.replace(letter, encodeURIComponent(other))] : [],
  )
  return [
    path,
    ...whole(path),
    ...cases(path),
    ...lookalikes,
    ...INVISIBLE.map((text) => path + text),
    ...each,
  ]
}

/** In place of a slash. */
const SLASHES = [
  '%2f',
  '%2F',
  '%252f',
  '%25252f',
  '%255c',
  '%5c',
  '%c0%af',
  '%e0%80%af',
  '%c1%9c',
  '%ef%bc%8f',
  '%e2%88%95',
  '\\',
  '\\/',
  '/\\',
  '//',
  '///',
  '/./',
  '/x/../',
  '/x/..//',
  '/%2e/',
  '/x/%2e%2e/',
  '/x/%252e%252e/',
  '/x/..%2f',
  '/x/%c0%ae%c0%ae/',
  '/.%2e/',
  '/x/..;/',
  ';/',
  ';x=y/',
  '/;/',
  '%00/',
  '/%00',
  '/%20/',
  '%3f/',
  '%23/',
  ':/',
  '.rsc/',
  '.json/',
]

/** What some readers drop: control characters, raw and encoded, soft hyphens, marks without width. */
const INVISIBLE = [
  '\0',
  '\t',
  '\x0b',
  '\x0c',
  '\x1f',
  '\x7f',
  '\x80',
  '\xa0',
  '\xad',
  '\xff',
  '%00',
  '%09',
  '%0a',
  '%0d%0a',
  '%0b',
  '%1f',
  '%20',
  '%7f',
  '%80',
  '%a0',
  '%ff',
  '%c2%a0',
  '%c2%ad',
  '%e2%80%8b',
  '%e2%80%8e',
  '%ef%bb%bf',
  '%f3%a0%80%a0',
]

/** What case folding or normalisation makes one letter of. */
const LOOKALIKES = [
  ['s', 'ſ'],
  ['k', '\u212a'],
  ['i', 'ı'],
  ['i', 'İ'],
  ['a', 'а'],
  ['e', 'е'],
  ['o', 'о'],
  ['a', 'ª'],
  ['fi', 'ﬁ'],
  ['st', 'ﬆ'],
  ['ss', 'ß'],
  ['d', 'ⅆ'],
  ['e', 'é'],
  ['e', 'e\u0301'],
] as const

/** UTF-8 of more bytes than the character needs. */
function overlong(character: string): readonly string[] {
  const code = character.charCodeAt(0)
  const hex = (...bytes: readonly number[]) => bytes.map((byte) => `%${byte.toString(16)}`).join('')
  const last = 0x80 | (code & 0x3f)
  const middle = 0x80 | (code >> 6)
  return [hex(0xc0 | (code >> 6), last), hex(0xe0, middle, last), hex(0xf0, 0x80, middle, last)]
}

/** Two neighbours at once, which a reader that decodes one at a time sees as two. */
function encodePair(path: string, i: number): string {
  const pair = [...path.slice(i, i + 2)].map((character) => `%${character.charCodeAt(0).toString(16)}`)
  return path.slice(0, i) + pair.join('') + path.slice(i + 2)
}

function whole(path: string): readonly string[] {
  const coded = (code: (character: string) => string) =>
    [...path].map((character) => (character === '/' ? character : code(character))).join('')
  const hexOf = (character: string) => character.charCodeAt(0).toString(16)
  // Full-width letters, which some normalise.
  const wide = (character: string) =>
    /[a-z]/.test(character) ? encodeURI(String.fromCharCode(character.charCodeAt(0) + 0xfee0)) : character
  return [
    coded((character) => `%${hexOf(character)}`),
    coded((character) => `%25${hexOf(character)}`),
    coded((character) => `%2525${hexOf(character)}`),
    coded((character) => overlong(character)[0] ?? ''),
    coded(wide),
  ]
}

/** Letter cases: all large, words, every other one, and some at random, the same in every run. */
function cases(path: string): readonly string[] {
  const masks = [0xffff_ffff, 0x5555_5555, 0xaaaa_aaaa]
  for (let i = 1; i <= 20; i += 1) masks.push((i * 2_654_435_761) >>> 0)
  const words = path.replaceAll(/\/./g, (start) => start.toUpperCase())
  return [
    words,
    ...masks.map((mask) =>
      [...path]
        .map((character, i) => ((mask >>> (i % 32)) & 1 ? character.toUpperCase() : character))
        .join(''),
    ),
  ]
}
