import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { actionCall, actionIds } from '../support/server-actions.ts'
import { GUARDED } from '../support/variants.ts'
import type { Visitor } from '../support/visitor.ts'

describe.each(GUARDED)('the page in the answer of an action, on $name', (variant) => {
  const bench = useBench(variant)

  /** What the page says in the answer that says `done`, whichever action that is. */
  async function pageAfter(done: string, newVisitor: () => Promise<Visitor>): Promise<readonly string[]> {
    const pages: string[] = []
    for (const id of actionIds(variant)) {
      const { headers, ...call } = actionCall(id)
      const visitor = await newVisitor()
      const { text } = await visitor.send('/acting', {
        ...call,
        headers: { ...headers, origin: bench.origin },
      })
      if (text.includes(`"${done}"`)) pages.push(...(text.match(/here-is:[\w]+/g) ?? []))
    }
    return pages
  }

  it('shows nobody after signing out', async () => {
    expect(await pageAfter('has-left', () => bench.user('alice'))).toEqual(['here-is:nobody'])
  })

  it('shows who has signed in', async () => {
    expect(await pageAfter('has-entered', async () => bench.visitor())).toEqual(['here-is:bob'])
    expect(await pageAfter('has-entered', () => bench.user('alice'))).toEqual(['here-is:bob'])
  })
})
