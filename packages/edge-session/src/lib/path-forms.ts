/**
 * The paths a request may turn out to mean. Next.js matches routes on the decoded path but shows a proxy the raw one,
 * so `/%61dmin` reaches the page of `/admin`; a guard has to judge every reading.
 *
 * `null` for a path that is malformed or means different things to different readers (bad escapes, encoded slashes,
 * backslashes, control characters, dot segments): there is no honest use for those on a guarded site.
 */
export function pathForms(pathname: string): readonly string[] | null {
  const once = decode(pathname)
  if (once === null || isAmbiguous(once, pathname)) return null
  const forms = [once]
  const twice = decode(once)
  if (twice !== null && twice !== once) forms.push(twice)
  return forms.map(normalise)
}

function decode(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}

function isAmbiguous(decoded: string, raw: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /%2f|%5c/i.test(raw) || /[\\\x00-\x1f\x7f]/.test(decoded) || /(^|\/)\.\.?(\/|$)/.test(decoded)
}

/** What Next.js adds around a page's path for data and segment requests is not part of the page's name. */
function normalise(path: string): string {
  const page = path
    .replace(/\/{2,}/g, '/')
    .replace(/^\/_next\/data\/[^/]+(\/.*)\.json$/, '$1')
    .replace(/\.segments\/.+\.segment\.rsc$/, '')
    .replace(/\.rsc$/, '')
    .replace(/(.)\/$/, '$1')
  return page === '/index' ? '/' : page
}
