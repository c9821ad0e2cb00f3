import { expect } from 'vitest'
import { isPrivate } from './every-reply.ts'
import type { Reply } from './http.ts'

/** An error of the API as the contract has it. */
export function expectProblem(reply: Reply, status: number): void {
  expect(reply.status, reply.text.slice(0, 200)).toBe(status)
  expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/)
  const body = reply.json()
  expect(Object.keys(body).sort()).toEqual(['code', 'status', 'title', 'type'])
  expect(body).toMatchObject({ type: expect.any(String), title: expect.any(String), status })
  expect(body.code).toMatch(/^[A-Z0-9_]+$/)
  expect(isPrivate(reply.headers['cache-control'] ?? ''), 'kept out of caches').toBe(true)
}
