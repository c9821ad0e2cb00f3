import { API, PAGE, PING } from './targets.ts'
import type { Variant } from './variants.ts'
import { forged, get, signIn, type Visitor } from './visitor.ts'

/**
 * Two visitors are each shown as themselves, and nobody else gets in.
 * @throws if not, as then there is nothing to measure.
 */
export async function verify(variant: Variant, origin: string): Promise<void> {
  const visitors = [await signIn(origin), await signIn(origin)]
  for (const visitor of visitors) {
    for (const target of [PAGE, API, PING]) {
      const response = await get(origin + target.path, { cookie: visitor.cookie })
      const body = await response.text()
      if (response.status !== 200 || !target.isFor(visitor.userId, body)) {
        throw new Error(
          `${variant.id}: ${target.path} is not for its user: ${response.status} ${body.slice(0, 500)}`,
        )
      }
    }
  }
  await refuses(variant, { origin, cookie: null })
  const [first] = visitors
  if (first !== undefined && !variant.floor) await refuses(variant, { origin, cookie: forged(first).cookie })
}

async function refuses(
  variant: Variant,
  { origin, cookie }: { origin: string; cookie: Visitor['cookie'] | null },
): Promise<void> {
  const page = await get(origin + PAGE.path, { cookie })
  const api = await get(origin + API.path, { cookie })
  const isSignIn = page.status === 307 && page.headers.get('location')?.includes('/login')
  if (!isSignIn || api.status !== 401) {
    const who = cookie === null ? 'a visitor without a cookie' : 'a visitor with a forged cookie'
    throw new Error(`${variant.id} lets ${who} in: page ${page.status}, API ${api.status}`)
  }
}
