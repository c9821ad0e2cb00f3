import { readdir, readFile } from 'node:fs/promises'

/** Milliseconds of processor time that all threads of a process have used, or `null` where Linux does not tell. */
export async function cpuTime(pid: number): Promise<number | null> {
  try {
    const threads = await readdir(`/proc/${pid}/task`)
    const times = await Promise.all(
      threads.map(async (thread) => {
        const [nanoseconds = '0'] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(
          ' ',
        )
        return Number(nanoseconds) / 1e6
      }),
    )
    return times.reduce((sum, time) => sum + time, 0)
  } catch {
    return null
  }
}
