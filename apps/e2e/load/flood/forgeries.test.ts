import { describe, expect, it } from 'vitest'
import { forge } from './forgeries.ts'

const FOREIGN = [1, 2, 3].map(
  (n) => `otherKey..iv${n}aaaaaaaaaa.${`text${n}`.repeat(20)}.tag${n}aaaaaaaaaaaaaaa`,
)

describe('forgeries', () => {
  const next = forge({ header: 'ourKey', foreign: FOREIGN })
  const tokens = Array.from({ length: 4_000 }, next)

  it('fit into a Cookie header as they are', () => {
    expect(tokens.filter((token) => !/^[^\s";,\\]+$/.test(token))).toEqual([])
  })

  it('are new noise of the right form under our key, half of the time', () => {
    const noise = tokens.filter((token) => /^ourKey\.\.[\w-]+\.[\w-]+\.[\w-]+$/.test(token))
    expect(noise.length).toBeGreaterThanOrEqual(2_000)
    expect(new Set(tokens).size).toBeGreaterThanOrEqual(2_000)
  })

  it('are tokens of another secret as well, under its own name and ours', () => {
    const all = new Set(tokens)
    const renamed = FOREIGN.map((token) => token.replace('otherKey', 'ourKey'))
    expect([...FOREIGN, ...renamed].filter((token) => !all.has(token))).toEqual([])
  })
})
