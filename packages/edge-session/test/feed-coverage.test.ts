import { describe, expect, it } from 'vitest'
import { createFeedCoverage } from '../src/lib/feed-coverage.ts'

const MOST = 3

function coverage() {
  return createFeedCoverage({ precedes: (cursor, other) => Number(cursor) < Number(other), most: MOST })
}

describe('what is known of the feed', () => {
  it('is nothing before it is read', () => {
    expect(coverage().isUnchangedSince('9', 'alice')).toBe(false)
  })

  it('begins somewhere, and ends for a user with their change', () => {
    const known = coverage()
    known.beginAt('2')
    known.readTo('5', ['alice'])
    expect(known.isUnchangedSince('1', 'bob')).toBe(false)
    expect(known.isUnchangedSince('2', 'bob')).toBe(true)
    expect(known.isUnchangedSince('4', 'alice')).toBe(false)
    expect(known.isUnchangedSince('5', 'alice')).toBe(true)
  })

  it('is nothing of a user changed here, until the feed tells where', () => {
    const known = coverage()
    known.beginAt('2')
    known.changedHere('alice')
    expect(known.isUnchangedSince('9', 'alice')).toBe(false)
    known.readTo('5', [])
    expect(known.isUnchangedSince('9', 'alice')).toBe(false)
    known.readTo('7', ['alice'])
    expect(known.isUnchangedSince('7', 'alice')).toBe(true)
  })

  it('begins anew with more users than it may remember', () => {
    const known = coverage()
    known.beginAt('2')
    known.readTo('5', ['a', 'b', 'c', 'd'])
    expect(known.isUnchangedSince('4', 'alice')).toBe(false)
    expect(known.isUnchangedSince('5', 'alice')).toBe(true)
  })

  it('begins anew at the next reading where as many were changed here', () => {
    const known = coverage()
    known.beginAt('2')
    for (const userId of ['a', 'b', 'c', 'd']) known.changedHere(userId)
    expect(known.isUnchangedSince('9', 'alice')).toBe(false)
    known.readTo('5', [])
    expect(known.isUnchangedSince('4', 'alice')).toBe(false)
    expect(known.isUnchangedSince('5', 'alice')).toBe(true)
  })
})
