import { readdirSync, readFileSync } from 'node:fs'

export interface Usage {
  readonly rssMiB: number
  /** Open file descriptors. */
  readonly descriptors: number
}

/** What a process holds at this moment, as Linux says. */
export function usageOf(pid: number): Usage {
  const [, kilobytes = ''] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return {
    rssMiB: Math.round(Number(kilobytes) / 102.4) / 10,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  }
}
