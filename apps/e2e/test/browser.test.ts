import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { BY_BROWSER, expectSignInForm, signIn, signOut, useBrowser, visibleText } from '../support/browser.ts'
import { GUARDED, NEXT_16_PROXY } from '../support/variants.ts'

describe.each(GUARDED)('in a browser, on $name', BY_BROWSER, (variant) => {
  const bench = useBench(variant)
  const browser = useBrowser(bench)

  it('a visitor is asked to sign in, gets where they wanted, not where they may not, and out again', async () => {
    const page = await browser.page()
    await page.goto('/')
    expect(await page.getByRole('main').textContent()).toContain('anonymous')
    await page.goto('/dashboard')
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/login?next=%2Fdashboard')
    await signIn(page, { user: 'bob' })
    const main = page.getByRole('main')
    await main.getByText('secret:dashboard').waitFor()
    expect(await main.textContent()).toMatch(/bob.*member/s)

    const admin = await page.goto('/admin')
    expect(admin?.status()).toBe(403)
    expect(await page.content()).not.toContain('secret:admin')

    await page.goto('/dashboard')
    await signOut(page)
    await page.getByText('You are signed out').waitFor()
    await page.goBack()
    await expectSignInForm(page)
    await page.goto('/dashboard')
    await expectSignInForm(page)
  })

  it('an admin gets into /admin and signs a user out everywhere', async () => {
    const [admin, member] = [await browser.page(), await browser.page()]
    await signIn(member, { user: '日本' })
    await admin.goto('/admin')
    await signIn(admin, { user: 'alice', path: '/admin' })
    await admin.getByText('secret:admin').waitFor()
    await admin.getByLabel('User', { exact: true }).fill('日本')
    await admin.getByRole('button', { name: 'End all sessions' }).click()
    await admin.getByText('One session ended.').waitFor()
    await member.getByRole('banner').getByRole('link', { name: 'Devices' }).click()
    await expectSignInForm(member)
  })

  it('a wrong password is told to screen readers, keeps the name, and lets nobody in', async () => {
    const page = await browser.page()
    await page.goto('/login')
    await page.getByLabel('User', { exact: true }).fill('alice')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page
      .getByRole('alert')
      .filter({ hasText: /wrong|not right/ })
      .waitFor()
    expect(await page.getByLabel('User', { exact: true }).inputValue()).toBe('alice')
    expect(await page.getByLabel('User', { exact: true }).getAttribute('aria-invalid')).toBe('true')
    await page.goto('/dashboard')
    await expectSignInForm(page)
  })

  it('everything works without JavaScript', async () => {
    const page = await browser.page({ javaScriptEnabled: false })
    await page.goto('/dashboard')
    await signIn(page, { user: 'bob' })
    await page.getByText('secret:dashboard').waitFor()
    const other = await browser.page()
    await signIn(other, { user: 'bob' })
    await page.goto('/dashboard/sessions')
    await page.getByRole('button', { name: 'End all other sessions' }).click()
    await page.getByText('nowhere else').waitFor()
    await other.goto('/dashboard')
    await expectSignInForm(other)
    // Back to the answer of a POST is the browser's own business.
    await page.goto('/dashboard')
    await signOut(page)
    await page.goBack()
    await expectSignInForm(page)
  })

  it('a form sent after the session ended asks to sign in, without JavaScript too', async () => {
    const context = await browser.context({ javaScriptEnabled: false })
    const page = await context.newPage()
    await signIn(page, { user: 'bob' })
    await page.goto('/acme/settings')
    await bench.kv.flush()
    await page.getByLabel('Note').fill('lost')
    await page.getByRole('button', { name: 'Save' }).click()
    await expectSignInForm(page)
  })

  it('everything works with the keyboard alone', async () => {
    const page = await browser.page()
    const focused = () => page.evaluate(() => document.querySelector(':focus')?.outerHTML ?? '')
    const tabTo = async (what: RegExp) => {
      for (let i = 0; i < 30; i += 1) {
        await page.keyboard.press('Tab')
        if (what.test(await focused())) return
      }
      throw new Error(`Tab never reaches ${what}`)
    }
    await page.goto('/dashboard')
    await page.keyboard.press('Tab')
    expect(await focused()).toContain('#main')
    await tabTo(/name="user"/)
    await page.keyboard.type('alice')
    await tabTo(/name="password"/)
    await page.keyboard.type('demo-alice')
    await page.keyboard.press('Enter')
    await page.getByText('secret:dashboard').waitFor()
    await tabTo(/Ask the server/)
    await page.keyboard.press('Enter')
    await page.getByText('secret:action').waitFor()
    await tabTo(/Sign out/)
    await page.keyboard.press('Enter')
    await expectSignInForm(page)
  })

  it('a server action after the session ended moves to the sign-in page, and back after it', async () => {
    const page = await browser.page()
    await signIn(page, { user: 'alice' })
    await page.getByRole('button', { name: 'Ask the server' }).click()
    await page.getByText('secret:action').waitFor()
    await page.reload()
    await bench.kv.flush()
    await page.getByRole('button', { name: 'Ask the server' }).click()
    await expectSignInForm(page)
    expect(new URL(page.url()).search).toBe('?next=%2Fdashboard')
    await signIn(page, { user: 'alice' })
    await page.getByText('secret:dashboard').waitFor()
  })

  it('a session ended from another device’s list asks to sign in at the next click', async () => {
    const [laptop, phone] = [await browser.page(), await browser.page({ userAgent: PHONE })]
    await signIn(laptop, { user: 'josé' })
    await signIn(phone, { user: 'josé' })
    await laptop.getByRole('banner').getByRole('link', { name: 'Devices' }).click()
    await laptop.getByText('This device').waitFor()
    expect(await laptop.getByRole('main').getByRole('listitem').count()).toBe(2)
    await laptop.getByRole('button', { name: /^End the session of .*Safari/ }).click()
    await laptop.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click()
    await laptop.getByText('nowhere else').waitFor()
    await phone.getByRole('banner').getByRole('link', { name: 'Devices' }).click()
    await expectSignInForm(phone)
    await laptop.reload()
    expect(await laptop.getByRole('main').getByRole('listitem').count()).toBe(1)
  })

  it('"End all other sessions" leaves the current one', async () => {
    const pages = [await browser.page(), await browser.page(), await browser.page()] as const
    for (const page of pages) await signIn(page, { user: '123' })
    const [here, ...others] = pages
    await here.goto('/dashboard/sessions')
    await here.getByRole('button', { name: 'End all other sessions' }).click()
    await here.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click()
    await here.getByText('nowhere else').waitFor()
    for (const page of others) {
      await page.getByRole('banner').getByRole('link', { name: 'Devices' }).click()
      await expectSignInForm(page)
    }
    await here.goto('/dashboard')
    await here.getByText('secret:dashboard').waitFor()
  })

  it('two tabs are one session, and follow each other in and out without a click', async () => {
    const context = await browser.context()
    const [one, two] = [await context.newPage(), await context.newPage()]
    await two.goto('/')
    await two.getByRole('banner').getByRole('link', { name: 'Sign in' }).waitFor()
    await signIn(one, { user: 'alice' })
    await two.bringToFront()
    await two.getByRole('banner').getByText('alice').waitFor()
    await two.goto('/dashboard')
    await signOut(one)
    await two.bringToFront()
    await two.getByRole('banner').getByText('alice').waitFor({ state: 'hidden' })
    await two.getByRole('banner').getByRole('link', { name: 'Dashboard' }).click()
    await expectSignInForm(two)
  })

  it('a prerendered page, visited before, does not show who was signed in', async () => {
    const page = await browser.page()
    await signIn(page, { user: 'alice' })
    await page.goto('/')
    await page.getByRole('main').getByRole('link', { name: '/static' }).click()
    await page.getByRole('heading', { name: 'Prerendered' }).waitFor()
    await page.getByRole('banner').getByText('alice').waitFor()
    await signOut(page)
    for (const visit of [() => page.goBack(), () => page.goto('/static'), () => page.reload()]) {
      await visit()
      await page.getByRole('heading', { name: 'Prerendered' }).waitFor()
      await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).waitFor()
      expect(await visibleText(page)).not.toContain('alice')
    }
  })

  it('after signing out, no link and no Back shows what was there', async () => {
    const page = await browser.page()
    await signIn(page, { user: 'alice' })
    for (const path of ['/admin', '/files/private/report', '/acme/settings', '/static']) {
      await page.goto('/')
      await page.getByRole('main').getByRole('link', { name: path, exact: true }).click()
      await page.waitForURL(`**${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
    }
    await page.goto('/dashboard')
    await signOut(page)
    for (let step = 0; step < 6; step += 1) {
      await page.goBack()
      await page.waitForLoadState('networkidle')
      expect(await visibleText(page)).not.toMatch(/secret:/)
    }
  })

  it('the sign-in form leads nowhere else', async () => {
    const page = await browser.page()
    await page.goto('/login?next=//evil.test')
    await signIn(page, { user: 'bob' })
    for (const next of [
      '//evil.test',
      '/\\evil.test',
      'https://evil.test',
      'javascript:alert(1)',
      '/%09/evil.test',
    ]) {
      await page.goto(`/login?next=${encodeURIComponent(next)}`)
      expect(page.url()).toBe(`${bench.origin}/dashboard`)
    }
  })

  it('with the KV stopped, pages stay up, protected ones say so, and the browser is still signed in after', async () => {
    const page = await browser.page()
    await signIn(page, { user: 'alice' })
    await bench.kv.pause()
    try {
      expect((await page.goto('/'))?.status()).toBe(200)
      expect((await page.goto('/dashboard'))?.status()).toBe(503)
      expect(await page.textContent('body')).toContain('still signed in')
    } finally {
      await bench.kv.resume()
    }
    await page.goto('/dashboard')
    await page.getByText('secret:dashboard').waitFor()
  })
})

describe('asking for the password again', BY_BROWSER, () => {
  const bench = useBench(NEXT_16_PROXY, { env: { SESSION_FRESH_SECONDS: '1' } })
  const browser = useBrowser(bench)

  it('comes before /sensitive once the last time is too long ago, and leads there', async () => {
    const page = await browser.page()
    await signIn(page, { user: 'alice' })
    await page.waitForTimeout(1_200)
    await page.goto('/sensitive')
    await page.waitForURL((url) => url.pathname + url.search === '/confirm?next=%2Fsensitive')
    expect(await page.content()).not.toContain('secret:')
    await page.getByLabel('Password').fill('demo-alice')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('secret:sensitive').waitFor()
  })
})

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'
