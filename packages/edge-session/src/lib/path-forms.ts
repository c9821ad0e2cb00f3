/**
 * The paths a request may turn out to mean. Next.js matches routes on the decoded path but shows a proxy the raw one,
 * so `/%61dmin` reaches the page of `/admin`; a guard has to judge every reading.
 *
 * `null` for a path that is malformed or means different things to different readers (bad escapes, encoded slashes,
 * backslashes, NUL, dot segments): there is no honest use for those on a guarded site.
 */
export function pathForms(pathname: string): readonly string[] | null {
  const once = decode(pathname)
  if (once === null || isAmbiguous(once, pathname)) return null
  const forms = [once]
  const twice = decode(once)
  if (twice !== null && twice !== once) forms.push(twice)
  // What Next.js itself would take for a request of data is nothing else, where it leaves taking that off to the proxy.
  const isData = DATA.test(pathname)
  return [...new Set(forms.flatMap((form) => readings(form, { isData })))]
}

const DATA = /^\/_next\/data\/[^/]+(\/[\s\S]*)\.json$/
const LIKE_DATA = new RegExp(DATA, 'i')

function decode(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}

function isAmbiguous(decoded: string, raw: string): boolean {
  return /%2f|%5c|%00/i.test(raw) || decoded.includes('\\') || /(^|\/)\.\.?(\/|$)/.test(decoded)
}

/**
 * The page that is meant, without what Next.js adds around its path for data and segment requests, and the path as it
 * stands, which may be the page of a dynamic route: Next.js takes off only what is written exactly as it writes it.
 */
function readings(path: string, { isData }: { isData: boolean }): readonly string[] {
  const tidy = withoutLastSlash(path.replace(/\/{2,}/g, '/'))
  const data = tidy.replace(LIKE_DATA, '$1')
  const literal = withoutLastSlash(data.replace(/\.rsc$/i, ''))
  const page = withoutSegment(literal)
  const name = page === '/index' ? '/' : page
  return isData ? [name] : [name, literal, tidy]
}

function withoutLastSlash(path: string): string {
  return path.replace(/(.)\/$/, '$1')
}

/** In two steps, as one expression would begin anew at every `.segments/` of a path that is made of them. */
function withoutSegment(path: string): string {
  const found = /\.segments\//i.exec(path)
  if (found === null) return path
  const segment = path.slice(found.index + found[0].length)
  return /[\s\S]\.segment$/i.test(segment) ? path.slice(0, found.index) : path
}
