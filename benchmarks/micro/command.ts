import { Bench } from 'tinybench'
import { startKV } from '../compare/kv.ts'
import { median } from '../compare/median.ts'
import type { MicroResult } from './run-micro.ts'
import { createSteps, type Step } from './steps.ts'

/** Milliseconds for each task and repetition. */
const TIME = 250

const [redis = '', repetitions = '5'] = process.argv.slice(2)
const kv = await startKV(redis)
try {
  const steps = await createSteps(kv.env)
  const runs: (readonly Timing[])[] = []
  while (runs.length < Number(repetitions)) runs.push(await timeOnce(steps))
  console.log(
    JSON.stringify(
      steps.map((step, index) =>
        summary(
          step,
          runs.map((run) => run[index]),
        ),
      ),
    ),
  )
} finally {
  await kv.stop()
}

interface Timing {
  readonly ours: number
  readonly floor: number
}

/** Each step and its floor one after the other, so that what disturbs the machine disturbs both. */
async function timeOnce(steps: readonly Step[]): Promise<readonly Timing[]> {
  const timings: Timing[] = []
  for (const { floor, run } of steps) {
    const bench = new Bench({ time: TIME, warmupTime: TIME / 5, throws: true })
    bench.add('floor', floor.run).add('ours', run)
    const [first, second] = await bench.run()
    timings.push({ floor: microseconds(first), ours: microseconds(second) })
  }
  return timings
}

function microseconds(task: Awaited<ReturnType<Bench['run']>>[number] | undefined): number {
  if (task?.result.state !== 'completed') throw new Error('A task did not complete.')
  return task.result.latency.p50 * 1_000
}

function summary({ name, floor }: Step, timings: readonly (Timing | undefined)[]): MicroResult {
  const known = timings.filter((timing) => timing !== undefined)
  const ratios = known.map((timing) => timing.ours / timing.floor)
  return {
    name,
    floor: floor.name,
    microseconds: median(known.map(({ ours }) => ours)),
    floorMicroseconds: median(known.map((timing) => timing.floor)),
    ratio: { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) },
  }
}
