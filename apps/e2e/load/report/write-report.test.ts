import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { inShort, readLastSoak } from '../last-soak.ts'
import type { Machine } from '../prove/machine.ts'
import type { PartResult } from '../results.ts'
import { AIMS } from './aims.ts'
import { resultsOf } from './results-of.ts'
import { writeReport } from './write-report.ts'

const HERE: Machine = {
  cpu: 'CPU A',
  cores: 2,
  memoryGiB: 24,
  node: 'v20.0.0',
  next: '16.0.0',
  redis: '7.0.0',
  loadBefore: 0.1,
}
const ELSEWHERE: Machine = { ...HERE, cpu: 'CPU B', node: null, next: null, redis: null }

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edge-session-report-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function resultOf(part: string, change: Partial<PartResult> = {}): PartResult {
  const made = { date: '2026-01-02T10:00:00.000Z', commit: 'aaaaaaaaaa', machine: HERE, seconds: 60 }
  return { part, ...made, failures: [], figures: {}, ...change }
}

function save(...results: readonly PartResult[]): void {
  for (const result of results) writeFileSync(join(directory, `${result.part}.json`), JSON.stringify(result))
}

function proofsWith(counts: Readonly<Record<string, number>>): PartResult {
  const lines = [{ proof: 'fault table', cells: 660, ...counts }]
  return resultOf('proofs', { figures: { tests: { passed: 1, failed: 0 }, lines } })
}

/** As a soak writes it: a sample a minute. */
function soakOf(unavailable: number, change: Partial<PartResult> = {}): PartResult {
  const verdicts = { right: 1_000, 'wrong-identity': 0, lost: 0, revived: 0, unavailable, unexpected: 0 }
  const figures = {
    minutes: 120,
    perSecond: 50,
    warmUpMinutes: 30,
    rssSlopePercentPerTenMinutes: 0.1,
    keys: { before: 0, after: 0 },
    descriptors: { first: 1, last: 1, most: 1 },
    samples: Array.from({ length: 120 }, (_, minute) => ({
      minute,
      rssMiB: 300,
      descriptors: 1,
      processorSeconds: 1,
    })),
    load: { requests: 1_000 + unavailable, broken: 0, verdicts },
  }
  return resultOf('soak', { figures, ...change })
}

/** The cells of the row that begins so. */
function row(report: string, what: string): readonly string[] {
  const line = report.split('\n').find((text) => text.startsWith(`| ${what}`)) ?? ''
  return line.split('|').map((cell) => cell.trim())
}

it('parts of one machine and commit: nothing was measured apart', () => {
  save(resultOf('tests'), proofsWith({}), soakOf(0))
  const report = writeReport(directory, null)
  expect(report).toContain('\n\nCPU A, 2 cores, 24 GiB; Node v20.0.0, Next.js 16.0.0, Redis 7.0.0.\n\n')
  expect(report).not.toContain('Measured apart')
})

it('a part of another machine, commit or version says so', () => {
  const earlier = '2026-01-01T10:00:00.000Z'
  save(
    resultOf('tests'),
    resultOf('mutants', { date: earlier, machine: { ...HERE, node: 'v22.0.0' } }),
    { ...proofsWith({}), date: earlier, commit: 'bbbbbbbbbb' },
    soakOf(0, { date: '2026-01-03T10:00:00.000Z', commit: 'cccccccccc', machine: ELSEWHERE }),
  )
  const report = writeReport(directory, null)
  const proofs = '2026-01-01 10:00 UTC, commit bbbbbbbbbb, on a machine of the same kind.'
  const soak =
    '2026-01-03 10:00 UTC, commit cccccccccc, on another machine: CPU B, 2 cores, 24 GiB; Node, Next.js, Redis not recorded.'
  expect(report).toContain(
    `- proofs: ${proofs}\n- mutants: 2026-01-01 10:00 UTC, commit aaaaaaaaaa, with other`,
  )
  expect(report).toContain(`## Proofs\n\nMeasured apart from the rest: ${proofs}\n`)
  expect(report).toContain(`- soak: ${soak}\n`)
  expect(report).toContain(`## Soak\n\nMeasured apart from the rest: ${soak}\n`)
  expect(report).not.toContain('- tests:')
})

it('the soak of a fresh clone is the last that was kept', () => {
  const report = writeReport(directory, readLastSoak())
  expect(report).toMatch(/^\| soak +\| \d{4}-/m)
  expect(report).not.toMatch(/NaN|undefined/)
})

it('of two soaks the newer one counts', () => {
  const kept = (date: string) => inShort(soakOf(2, { date }))
  save(soakOf(1))
  const before = writeReport(directory, kept('2026-01-01T10:00Z'))
  const after = writeReport(directory, kept('2026-01-03T10:00Z'))
  expect(row(before, 'Soak: answers')).toContain('1 of 1,001')
  expect(row(after, 'Soak: answers')).toContain('2 of 1,002')
})

it('a soak is shown as it is kept', () => {
  save(soakOf(4))
  const [shown, kept] = [writeReport(directory, null), inShort(soakOf(4))]
  rmSync(join(directory, 'soak.json'))
  expect(writeReport(directory, kept)).toBe(shown)
  expect(JSON.stringify(kept).length).toBeLessThan(3_000)
})

it('a soak misses its aim by one answer that is not right', () => {
  save(soakOf(1))
  expect(row(writeReport(directory, null), 'Soak: answers not right').slice(2, 5)).toEqual([
    '0',
    '1 of 1,001',
    '**no**',
  ])
})

it('a soak that broke off has no figure', () => {
  save(resultOf('soak', { failures: ['it broke'] }))
  const report = writeReport(directory, null)
  expect(row(report, 'Soak: length').slice(3, 5)).toEqual(['no figure', '–'])
  expect(report).toContain('soak: it broke')
})

it('the fault table says what became of live and of ended sessions, if that was counted', () => {
  const [cleared, active, stale] = [
    'Cells of the fault table that clear',
    'Cells in which an ended',
    'The same with',
  ]
  save(proofsWith({ live: 400, ended: 100, clearedLive: 1, deadAsActive: 0, deadAsActiveByStaleIfError: 25 }))
  const counted = writeReport(directory, null)
  expect(row(counted, cleared).slice(3, 5)).toEqual(['1 of 400', '**no**'])
  expect(row(counted, active).slice(3, 5)).toEqual(['0 of 100', 'yes'])
  expect(row(counted, stale).slice(3, 5)).toEqual(['25', '–'])
  save(proofsWith({}))
  const uncounted = writeReport(directory, null)
  for (const what of [cleared, active, stale])
    expect(row(uncounted, what).slice(3, 5)).toEqual(['no figure', '–'])
})

it('nothing is met that was not measured', () => {
  const results = resultsOf(directory, null)
  const outcomes = AIMS.map(({ outcome }) => outcome(results))
  expect(outcomes.filter(({ met }) => met !== null)).toEqual([])
  for (const { measured } of outcomes) expect(measured).toMatch(/^not (run$|measured by this command: )/)
})
