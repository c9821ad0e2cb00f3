import { describe, expect, it } from 'vitest'
import { useBench } from '../support/bench.ts'
import { NEXT_15_EDGE } from '../support/variants.ts'

describe(`another proxy behind the check, on ${NEXT_15_EDGE.name}`, () => {
  const bench = useBench(NEXT_15_EDGE)

  it('gets method and body, whoever sends them', async () => {
    for (const visitor of [bench.visitor(), await bench.user('alice')]) {
      expect((await visitor.get('/echo')).json()).toEqual(['GET', ''])
      const reply = await visitor.send('/echo', {
        method: 'POST',
        body: 'a=1',
        headers: { 'x-user-id': 'root' },
      })
      expect(reply.json()).toEqual(['POST', 'a=1'])
    }
  })
})
