import { readdirSync, readFileSync } from 'node:fs'

export interface Usage {
  readonly rssMiB: number
  /** Open file descriptors. */
  readonly descriptors: number
  /** Of all its threads, since it started. */
  readonly processorSeconds: number
}

/** The unit of /proc, on every architecture that Node.js runs on. */
const TICKS_PER_SECOND = 100

/** What a process holds at this moment, as Linux says. */
export function usageOf(pid: number): Usage {
  const [, kilobytes = ''] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  // After the name, which may hold spaces, in parentheses (proc(5)): user time is field 14, system time field 15.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return {
    rssMiB: Math.round(Number(kilobytes) / 102.4) / 10,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    processorSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  }
}
