/** Request targets that some reader or other takes for `path`. */
export function spellingsOf(path: string, buildId: string): readonly string[] {
  return [...new Set([...encodings(path), ...shapes(path), ...framework(path, buildId)])]
}

function encodings(path: string): readonly string[] {
  const each = [...path].flatMap((character, i) => {
    const put = (text: string) => path.slice(0, i) + text + path.slice(i + 1)
    const hex = character.charCodeAt(0).toString(16)
    if (character === '/') {
      // The first one starts the target.
      return i === 0
        ? []
        : [
            '%2f',
            '%2F',
            '%252f',
            '%255c',
            '%5c',
            '\\',
            '//',
            '///',
            '/./',
            '/x/../',
            '/%2e/',
            '/x/%2e%2e/',
            '/.%2e/',
            ';/',
            '%00/',
            '/%20/',
          ].map(put)
    }
    return [
      `%${hex}`,
      `%${hex.toUpperCase()}`,
      `%25${hex}`,
      `%2525${hex}`,
      `%u00${hex}`,
      character.toUpperCase(),
      `${character}%00`,
    ].map(put)
  })
  const all = [...path].map((c) => (c === '/' ? c : `%${c.charCodeAt(0).toString(16)}`)).join('')
  // Full-width letters, which some normalise.
  const wide = encodeURI(
    [...path].map((c) => (/[a-z]/.test(c) ? String.fromCharCode(c.charCodeAt(0) + 0xfee0) : c)).join(''),
  )
  return [path, all, wide, path.toUpperCase(), ...each]
}

function shapes(path: string): readonly string[] {
  const after = [
    '/',
    '//',
    '/.',
    '/./',
    '/..',
    '/%2e',
    '.',
    '..',
    '%20',
    '+',
    '%00',
    '%0a',
    ';',
    ';x=1',
    ';.css',
    '.json',
    '.html',
    '.js',
    '.png',
    '/favicon.ico',
    '?',
    '??',
    '?x',
    '#x',
    '%3f',
    '%23',
    '%23x',
    '/index',
    '/page',
    '~',
    '*',
    '&',
    '%',
    '%f',
    '%ff',
    '%c0%af',
  ]
  const before = [
    '/',
    '//',
    '/./',
    '/../',
    '/x/..',
    '/%2e',
    '/%2e%2e',
    '/;',
    '\\',
    '/index',
    '/_next',
    '/_next/static/..',
    '/_next/static/../..',
    '/_next/image/..',
    '/_next/static/%2e%2e/%2e%2e',
    '/public/..',
    '/en',
    '/default',
    '/%00',
  ]
  return [
    ...after.map((end) => path + end),
    ...before.map((start) => start + path),
    ...['http://localhost', 'http://evil.test', 'https://evil.test:8443', 'HTTP://x@localhost'].map(
      (origin) => origin + path,
    ),
    `//evil.test${path}`,
    `/\\evil.test${path}`,
  ]
}

function framework(path: string, buildId: string): readonly string[] {
  const bare = path.slice(1)
  return [
    `${path}.rsc`,
    `${path}.rsc?_rsc=1`,
    `${path}?_rsc=abc`,
    `${path}.txt`,
    `${path}.action`,
    `${path}.prefetch.rsc`,
    `${path}.segments/_tree.segment.rsc`,
    `${path}.segments/_index.segment.rsc`,
    `${path}.segments/${bare}/__PAGE__.segment.rsc`,
    `${path}.segments/%5Ftree.segment.rsc`,
    `${path}.segment.rsc`,
    `/_next/data/${buildId}${path}.json`,
    `/_next/data/${buildId}${path}.json?x=1`,
    `/_next/data/${buildId}/index${path}.json`,
    `/_next/data/development${path}.json`,
    `/_next/data/x${path}.json`,
    `/_next/data/${buildId}${path}.rsc`,
    `/_next/data/${buildId}/%61${path}.json`,
    `/_next/image?url=${encodeURIComponent(path)}&w=64&q=75`,
    `/_next/image${path}`,
    `/_next/static${path}`,
    `/_next/static/${buildId}/..${path}`,
    `/public/settings?nxtPtenant=${bare}`,
    `/files/open?nxtPpath=private&nxtPpath=a`,
    `/files/open?nxtPpath=private%2Fa`,
    `/public?nxtP=${path}&__nextLocale=x&__nextDataReq=1`,
    `/?next=${path}`,
    `/login?next=${path}`,
    `/public?__nextDefaultLocale=en&amp=1&path=${path}`,
  ]
}
