import { API, PAGE, PING, type Target } from './targets.ts'

/** One way to load a variant. */
export interface Cell {
  readonly id: string
  readonly target: Target['name']
  readonly connections: number
  /** Milliseconds that KV waits before each answer. */
  readonly latency: number
}

/** The one that the plot shows. */
export const MAIN_CELL = 'page-10-5'

export const CELLS: readonly Cell[] = [
  cell('page', 10, 0),
  cell('page', 10, 5),
  cell('page', 50, 5),
  cell('page', 10, 20),
  cell('api', 10, 5),
  cell('ping', 10, 0),
]

export const QUICK_CELLS: readonly Cell[] = [cell('page', 10, 5), cell('api', 10, 5), cell('ping', 10, 0)]

export function targetOf({ target }: Cell): Target {
  return { page: PAGE, api: API, ping: PING }[target]
}

function cell(target: Target['name'], connections: number, latency: number): Cell {
  return { id: `${target}-${connections}-${latency}`, target, connections, latency }
}
