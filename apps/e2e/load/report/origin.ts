import type { Machine } from '../prove/machine.ts'
import type { PartResult } from '../results.ts'
import { PART_NAMES, type PartName, type Results } from './results-of.ts'

/** The machine of the newest part; `null` where nothing was run. */
export function machineOf(results: Results): string | null {
  const newest = newestOf(results)
  return newest === null ? null : wordsOf(newest.machine)
}

/** When and where a part was measured, if not on the machine or at the commit of the newest part; else `null`. */
export function originOf(results: Results, part: PartName): string | null {
  const [result, newest] = [results.result(part), newestOf(results)]
  if (result === null || newest === null) return null
  const where = comparison(result.machine, newest.machine)
  if (result.commit === newest.commit && where === null) return null
  const same = ['on a machine of the same kind', unrecordedOf(result.machine)].filter((words) => words !== '')
  return `${minuteOf(result)} UTC, commit ${result.commit}, ${where ?? same.join('; ')}.`
}

/** `2026-11-22 04:25`. */
export function minuteOf({ date }: PartResult): string {
  return date.slice(0, 16).replace('T', ' ')
}

/** The soak, which a command of its own runs, counts only where there is nothing else. */
function newestOf(results: Results): PartResult | null {
  const others = PART_NAMES.filter((name) => name !== 'soak').flatMap((name) => results.result(name) ?? [])
  const newest = others.sort((a, b) => Date.parse(b.date) - Date.parse(a.date))[0]
  return newest ?? results.result('soak')
}

/** `null` where all that was recorded of both is the same. */
function comparison(machine: Machine, other: Machine): string | null {
  if (hardwareOf(machine) !== hardwareOf(other)) return `on another machine: ${wordsOf(machine)}`
  const isOther = versionsOf(machine).some(([name, version]) => {
    const [, compared = null] = versionsOf(other).find(([its]) => its === name) ?? []
    return version !== null && compared !== null && version !== compared
  })
  return isOther ? `with other versions: ${wordsOf(machine)}` : null
}

function wordsOf(machine: Machine): string {
  const versions = versionsOf(machine)
  const known = versions.flatMap(([name, version]) => (version === null ? [] : `${name} ${version}`))
  const lists = [known.join(', '), unrecordedOf(machine)]
  return [hardwareOf(machine), ...lists].filter((words) => words !== '').join('; ')
}

function unrecordedOf(machine: Machine): string {
  const names = versionsOf(machine).flatMap(([name, version]) => (version === null ? name : []))
  return names.length === 0 ? '' : `${names.join(', ')} not recorded`
}

function hardwareOf({ cpu, cores, memoryGiB }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB`
}

function versionsOf({ node, next, redis }: Machine): readonly (readonly [string, string | null])[] {
  return [
    ['Node', node],
    ['Next.js', next],
    ['Redis', redis],
  ]
}
