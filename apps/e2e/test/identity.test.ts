import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { TRICKS } from '../support/hostile-headers.ts'
import { sendRaw } from '../support/raw-http.ts'
import { GUARDED } from '../support/variants.ts'

describe.each(GUARDED)('identity on $name', (variant) => {
  const bench = useBench(variant)
  const port = () => bench.servers[0]?.port ?? 0

  it('no header makes an anonymous visitor anybody', async () => {
    const believed: string[] = []
    for (const headers of TRICKS) {
      const name = JSON.stringify(headers)
      for (const path of ['/api/whoami', '/api/me']) {
        const reply = await bench.visitor().send(path, { headers, mayFail: true })
        if (/secret:|FORGED|"(?:userId|header|session)":"/.test(reply.text))
          believed.push(`${path} ${name}: ${reply.status} ${reply.text.slice(0, 100)}`)
      }
    }
    expect(TRICKS.length).toBeGreaterThan(70)
    expect(believed).toEqual([])
  }, 60_000)

  it('no header makes a member anybody else', async () => {
    const bob = await bench.user('bob')
    const believed: string[] = []
    for (const { cookie: _, ...headers } of TRICKS) {
      const who = await bob.send('/api/whoami', { headers, mayFail: true })
      if (/FORGED|"(?:header|session)":(?!"bob")/.test(who.text))
        believed.push(`whoami ${JSON.stringify(headers)}: ${who.text}`)
      const admin = await bob.send('/admin', { headers, mayFail: true })
      if (admin.text.includes('secret:')) believed.push(`/admin ${JSON.stringify(headers)}: ${admin.status}`)
    }
    expect(believed).toEqual([])
  }, 60_000)

  it('the image optimizer fetches protected pages as nobody', async () => {
    const alice = await bench.user('alice')
    for (const path of ['/dashboard', '/api/me', '/api/whoami', '/files/private/a.png']) {
      const { text } = await sendRaw(port(), {
        target: `/_next/image?url=${encodeURIComponent(path)}&w=64&q=75`,
        headers: { cookie: alice.cookie(), 'x-user-id': 'FORGED' },
      })
      expect(text).not.toMatch(/secret:|FORGED|alice/)
    }
  })

  it('a token counts in its cookie alone', async () => {
    const alice = await bench.user('alice')
    const token = alice.token()
    for (const headers of [
      { authorization: `Bearer ${token}` },
      { cookie: `session=${token}` },
      { cookie: `__host-session=${token}` },
      { cookie: `__HOST-SESSION=${token}` },
      { cookie: `__Secure-session=${token}` },
      { cookie: `%5f_Host-session=${token}` },
      { cookie: `\u00a0__Host-session=${token}` },
      { cookie: `x=1, __Host-session=${token}` },
      { cookie: `$Version=1; __Host-session="${token}"` },
      { cookie: `__Host-session%3D${token}` },
      { 'x-edge-session': token },
    ]) {
      const { text } = await bench.visitor().get('/api/whoami', headers)
      expect([Object.keys(headers), text]).toEqual([Object.keys(headers), '{"header":null,"session":null}'])
    }
    for (const path of [`/api/whoami?session=${token}`, `/api/whoami?__Host-session=${token}`]) {
      const reply = await sendRaw(port(), { target: path })
      expect(reply.text).toContain('{"header":null,"session":null}')
    }
  })

  it('among several cookies of the name the one that is ours counts; two of ours are nobody’s', async () => {
    const [alice, bob] = [await bench.user('alice'), await bench.user('bob')]
    const ask = async (cookie: string) => {
      const reply = await bench.visitor().get('/api/whoami', { cookie })
      expect(
        reply.setCookies.filter((line) => /=;/.test(line) && cookie.split('__Host-session=').length > 2),
      ).toEqual([])
      return reply.json().session
    }
    const name = '__Host-session'
    expect(await ask(`${name}=x; ${name}=${alice.token()}`)).toBe('alice')
    expect(await ask(`${name}=${alice.token()}; ${name}=x`)).toBe('alice')
    expect(await ask(`${name}=; a="b; c"; ${name}=${alice.token()}; ${name}`)).toBe('alice')
    expect(await ask(`${name}=${alice.token()}; ${name}=${bob.token()}`)).toBeNull()
    expect(await ask(`a b=c d; ${name}=${alice.token()}; %zz=%E0%A4`)).toBe('alice')
    expect((await alice.get('/api/me')).status).toBe(200)
  })

  it('two lines of cookies are as one', async () => {
    const [alice, bob] = [await bench.user('alice'), await bench.user('bob')]
    // Two names for an object, one for HTTP.
    const ask = async (cookie: string, Cookie: string) => {
      const headers = { cookie, Cookie, connection: 'close' }
      const { text } = await sendRaw(port(), { target: '/api/whoami', headers })
      return /"session":("\w+"|null)/.exec(text)?.[1]
    }
    expect(await ask('a=1', alice.cookie())).toBe('"alice"')
    expect(await ask(alice.cookie(), '__Host-session=x')).toBe('"alice"')
    expect(await ask(alice.cookie(), bob.cookie())).toBe('null')
    expect(await ask(bob.cookie(), alice.cookie())).toBe('null')
  })

  it('one cookie among a hundred is enough, wherever it stands', async () => {
    const alice = await bench.user('alice')
    const others = Array.from({ length: 99 }, (_, i) => `c${i}=${'v'.repeat(i % 40)}`)
    for (const at of [0, 50, 99]) {
      const cookie = [...others.slice(0, at), alice.cookie(), ...others.slice(at)].join('; ')
      expect(cookie.split('; ')).toHaveLength(100)
      const { text } = await sendRaw(port(), { target: '/api/whoami', headers: { cookie } })
      expect(text).toContain('{"header":"alice","session":"alice"}')
    }
  })

  it('a Cookie header of 15 KiB is read, and one of 16 KiB or more harms nobody', async () => {
    const alice = await bench.user('alice')
    const printed = () => bench.servers[0]?.output() ?? ''
    const before = printed()
    const ask = (cookie: string) => sendRaw(port(), { target: '/api/whoami', headers: { cookie } })
    const padded = (bytes: number) =>
      `pad=${'x'.repeat(bytes - alice.cookie().length - 'pad=; '.length)}; ${alice.cookie()}`
    expect((await ask(padded(15 * 1_024))).text).toContain('{"header":"alice","session":"alice"}')
    // Longer than any token.
    const nobody = await ask(`__Host-session=${'x'.repeat(15 * 1_024)}`)
    expect([nobody.status, nobody.text]).toEqual([200, expect.stringContaining('"session":null')])
    for (const cookie of [padded(16 * 1_024), padded(64 * 1_024), `${alice.cookie()}x`.repeat(100)]) {
      expect(cookie.length).toBeGreaterThanOrEqual(16 * 1_024)
      // 431 is what Node.js answers before anything of ours is asked.
      const { status, text } = await ask(cookie)
      expect([200, 431]).toContain(status)
      expect(text).not.toMatch(/Set-Cookie/i)
    }
    expect(printed()).toBe(before)
    expect((await alice.get('/api/me')).status).toBe(200)
  })

  it('many users at once are never taken for one another', async () => {
    const names = ['alice', 'bob', '123', 'true', 'null', '日本', 'josé', ' pad ']
    const users = await Promise.all(names.map(bench.user))
    const wrong: string[] = []
    await Promise.all(
      users.map(async (user, i) => {
        for (let visit = 0; visit < 25; visit += 1) {
          const { header, session } = (await user.get('/api/whoami')).json()
          if (header !== names[i] || session !== names[i]) wrong.push(`${names[i]}: ${header} ${session}`)
        }
      }),
    )
    expect(wrong).toEqual([])
  })
})
