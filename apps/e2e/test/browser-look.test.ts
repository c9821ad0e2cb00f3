import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { BY_BROWSER, signIn, useBrowser } from '../support/browser.ts'
import { E2E, NEXT_16_PROXY } from '../support/variants.ts'

const SCREENS = { desktop: { width: 1280, height: 800 }, phone: { width: 375, height: 740 } } as const
const SCHEMES = ['light', 'dark'] as const
const LOOKS = SCHEMES.flatMap((colorScheme) =>
  (['desktop', 'phone'] as const).map((screen) => ({ colorScheme, screen })),
)

const ANONYMOUS = ['/', '/login', '/login?next=%2Fdashboard', '/static', '/nowhere']
const SIGNED_IN = [
  '/',
  '/public',
  '/dashboard',
  '/dashboard/sessions',
  '/admin',
  '/sensitive',
  '/files/private/report',
  '/acme/settings',
  '/cached',
]

/** Screenshots to look at, in apps/e2e/screenshots; and what a machine can say of them. */
describe('the look of the demo', BY_BROWSER, () => {
  const bench = useBench(NEXT_16_PROXY)
  const browser = useBrowser(bench)
  const directory = `${E2E}screenshots`
  mkdirSync(directory, { recursive: true })

  async function expectToFit(page: Page, name: string): Promise<void> {
    const [wide, screen] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ])
    await page.screenshot({ path: `${directory}/${name}.png`, fullPage: true })
    expect(wide, `${name} is wider than the screen`).toBeLessThanOrEqual(screen ?? 0)
  }

  it.each(LOOKS)('fits a $screen, $colorScheme', async ({ colorScheme, screen }) => {
    const options = { colorScheme, viewport: SCREENS[screen] }
    const nameOf = (path: string) =>
      `${screen}-${colorScheme}-${path.replaceAll(/[^a-z]+/gi, '-').replaceAll(/^-|-$/g, '') || 'home'}`
    const visitor = await browser.page(options)
    for (const path of ANONYMOUS) {
      await visitor.goto(path)
      await expectToFit(visitor, `${nameOf(path)}-anonymous`)
    }
    await visitor.goto('/login')
    await visitor.getByLabel('User', { exact: true }).fill('alice')
    await visitor.getByLabel('Password').fill('wrong')
    await visitor.getByRole('button', { name: 'Sign in' }).click()
    await visitor
      .getByRole('alert')
      .filter({ hasText: /wrong|not right/ })
      .waitFor()
    await expectToFit(visitor, `${nameOf('/login')}-refused`)

    const alice = await browser.page(options)
    await signIn(alice, { user: 'alice' })
    await signIn(
      await browser.page({ userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' }),
      {
        user: 'alice',
      },
    )
    for (const path of SIGNED_IN) {
      await alice.goto(path)
      await expectToFit(alice, nameOf(path))
    }
    await alice.goto('/dashboard/sessions')
    await alice.getByRole('button', { name: 'End all other sessions' }).click()
    await alice.getByRole('dialog').first().waitFor()
    await expectToFit(alice, `${nameOf('/dashboard/sessions')}-asks`)

    const long = await browser.page(options)
    await signIn(long, { user: 'u'.repeat(200) })
    await expectToFit(long, `${nameOf('/dashboard')}-long-name`)
    await long.goto('/admin')
    await expectToFit(long, `${nameOf('/admin')}-forbidden`)
    await bench.kv.pause()
    await long.goto('/')
    await expectToFit(long, `${nameOf('/')}-kv-stopped`)
    await long.goto('/dashboard')
    await expectToFit(long, `${nameOf('/dashboard')}-kv-stopped`)
    await bench.kv.resume()
  })
})
