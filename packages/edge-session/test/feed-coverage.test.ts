import { describe, expect, it } from 'vitest'
import { createFeedCoverage } from '../src/lib/feed-coverage.ts'

const MOST = 3

function coverage() {
  const known = createFeedCoverage({
    precedes: (cursor, other) => Number(cursor) < Number(other),
    most: MOST,
  })
  return {
    ...known,
    beginAt: (cursor: string) => known.startReading()({ cursor, userIds: [], begin: cursor }),
    readTo: (cursor: string, userIds: readonly string[]) =>
      known.startReading()({ cursor, userIds, begin: null }),
  }
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

  it('is nothing of a user changed here, until the feed was read since', () => {
    const known = coverage()
    known.beginAt('2')
    known.changedHere('alice')
    expect(known.isUnchangedSince('9', 'alice')).toBe(false)
    known.readTo('5', [])
    expect(known.isUnchangedSince('4', 'alice')).toBe(false)
    expect(known.isUnchangedSince('5', 'alice')).toBe(true)
  })

  it('is nothing of a user changed here while the feed was being read, also where that began it', () => {
    for (const begin of [null, '5']) {
      const known = coverage()
      if (begin === null) known.beginAt('2')
      const tell = known.startReading()
      known.changedHere('alice')
      tell({ cursor: '5', userIds: [], begin })
      expect(known.isUnchangedSince('9', 'alice')).toBe(false)
      expect(known.isUnchangedSince('5', 'bob')).toBe(true)
      known.readTo('7', [])
      expect(known.isUnchangedSince('6', 'alice')).toBe(false)
      expect(known.isUnchangedSince('7', 'alice')).toBe(true)
    }
  })

  it('is nothing from before the feed was begun anew', () => {
    const known = coverage()
    known.beginAt('2')
    known.readTo('5', ['alice'])
    known.beginAt('1')
    expect(known.isUnchangedSince('1', 'alice')).toBe(true)
  })

  it('is where a user changed, however often the feed is read after it', () => {
    const known = coverage()
    known.beginAt('1')
    for (const userId of ['a', 'b', 'c', 'a', 'b', 'c']) known.changedHere(userId)
    known.readTo('2', ['alice'])
    known.beginAt('1')
    known.readTo('2', ['alice'])
    known.changedHere('bob')
    known.readTo('3', [])
    expect(known.isUnchangedSince('2', 'alice')).toBe(true)
    expect(known.isUnchangedSince('2', 'bob')).toBe(false)
  })

  it('reaches as far with as many users as it may remember', () => {
    for (const change of ['here', 'told'] as const) {
      const known = coverage()
      known.beginAt('2')
      if (change === 'told') known.readTo('5', ['a', 'b', 'c'])
      else for (const userId of ['a', 'b', 'c']) known.changedHere(userId)
      expect(known.isUnchangedSince('4', 'alice')).toBe(true)
      expect(known.isUnchangedSince('4', 'a')).toBe(false)
    }
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
