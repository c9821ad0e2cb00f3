/** One environment variable; `undefined` when unset, empty, or where there is no environment (a browser, a bare isolate). */
export function environment(name: string): string | undefined {
  const value = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[
    name
  ]
  return value === '' ? undefined : value
}
