/** Calls `wake` at a time, however far: a browser's timer goes no further than 24 days. Returns what calls it off. */
export function wakeAt(time: number, wake: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>
  function wait(): void {
    const left = time - Date.now()
    timer = setTimeout(left > LONGEST_TIMER ? wait : wake, Math.min(left, LONGEST_TIMER))
  }
  wait()
  return () => clearTimeout(timer)
}

const LONGEST_TIMER = 2_147_483_647
