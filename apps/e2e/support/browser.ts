import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Response as PageResponse,
} from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { Bench } from './bench.ts'
import { checkReply } from './every-reply.ts'

/** A real browser on a shared machine: in CI a failure has to happen twice. Nothing else gets a second try. */
export const BY_BROWSER = { retry: process.env.CI ? 1 : 0 }

export interface BrowserBench {
  /** A fresh profile, with its own cookies, on the bench's first instance. */
  context(options?: BrowserContextOptions): Promise<BrowserContext>
  /** A page of a fresh profile. */
  page(options?: BrowserContextOptions): Promise<Page>
}

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/**
 * Chromium for the tests of one `describe`. A page that throws, or logs an error of its own, fails the test, as does an
 * answer of the app that no answer may be.
 */
export function useBrowser(bench: Bench): BrowserBench {
  let browser: Browser
  let contexts: BrowserContext[] = []
  let complaints: string[] = []
  let checks: Promise<void>[] = []

  beforeAll(async () => {
    const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
    browser = await chromium.launch({ executablePath, args: ARGUMENTS })
  })

  afterEach(async () => {
    await Promise.all(checks)
    await Promise.all(contexts.map((context) => context.close()))
    const found = complaints
    contexts = []
    complaints = []
    checks = []
    expect(found, 'errors in the browser').toEqual([])
  })

  afterAll(async () => {
    await browser.close()
  })

  async function context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const made = await browser.newContext({ baseURL: bench.origin, ...options })
    made.setDefaultTimeout(10_000)
    made.on('weberror', (error) => complaints.push(String(error.error())))
    made.on('console', (message) => {
      // What Chromium says of every 401, 403 and 503.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        complaints.push(message.text())
    })
    made.on('response', (response) => {
      if (response.url().startsWith(bench.origin)) checks.push(check(response))
    })
    contexts.push(made)
    return made
  }

  async function check(response: PageResponse): Promise<void> {
    // Of a page that is gone there are no headers to be had.
    const lines = await response.headersArray().catch(() => [])
    const named = lines.map(({ name, value }) => [name.toLowerCase(), value] as const)
    const setCookies = named.filter(([name]) => name === 'set-cookie').map(([, value]) => value)
    const headers = Object.fromEntries(named.filter(([name]) => name !== 'set-cookie'))
    const request = `${response.request().method()} ${response.url().slice(bench.origin.length)}`
    try {
      checkReply({ status: response.status(), headers, setCookies, text: '' }, request)
    } catch (error) {
      complaints.push(String(error))
    }
  }

  return { context, page: async (options) => (await context(options)).newPage() }
}

/** Fills in the form of /login and sends it; `path` is where it leads. */
export async function signIn(
  page: Page,
  { user, path = '/dashboard' }: { user: string; path?: string },
): Promise<void> {
  if (!new URL(page.url(), 'http://blank').pathname.startsWith('/login')) await page.goto('/login')
  await page.getByLabel('User', { exact: true }).fill(user)
  await page.getByLabel('Password').fill(`demo-${user}`)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.pathname + url.search === path)
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL((url) => url.pathname === '/login')
}

/** The page asks to sign in, and shows nothing of before. */
export async function expectSignInForm(page: Page): Promise<void> {
  await page.waitForURL((url) => url.pathname === '/login')
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  expect(await visibleText(page)).not.toMatch(/secret:/)
}

/** What a person sees: not the scripts that built the first page of a client-side navigation. */
export function visibleText(page: Page): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: what is not rendered is not seen
  return page.locator('body').innerText()
}
