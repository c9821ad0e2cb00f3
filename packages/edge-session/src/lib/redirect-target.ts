/**
 * Where to go after signing in: `value` if it is a path on this site, otherwise `fallback`. Takes whatever stands in
 * `?next=`; refuses other origins in every spelling browsers accept (`//host`, `/\host`, `/%09/host`, schemes), and paths
 * that come to one where somebody leaves the origin out (`/.//host`).
 */
export function safeRedirectPath(value: unknown, fallback: string): string {
  if (typeof value !== 'string' || value.length > 2_048) return fallback
  // Browsers drop tabs and newlines and read "\" as "/"; only printable ASCII is left to think about.
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(value) || /[\\]|^\/(?:%09|%0a|%0d|%2f|%5c)/i.test(value))
    return fallback
  try {
    const base = 'http://site.invalid'
    const { origin, pathname } = new URL(value, base)
    return origin === base && !pathname.startsWith('//') ? value : fallback
  } catch {
    return fallback
  }
}
