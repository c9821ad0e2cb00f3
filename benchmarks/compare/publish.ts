import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, writeResults } from '../scale/repository.ts'
import { BENCHMARKS } from './build-variant.ts'
import { writePage } from './performance-page.ts'
import { drawPlot } from './plot.ts'
import type { RunResults } from './run-results.ts'

/** Every run leaves its figures behind, in a folder that git does not look at. */
export async function saveLocally(results: RunResults): Promise<void> {
  const folder = join(BENCHMARKS, '.local/results')
  await mkdir(folder, { recursive: true })
  const name = new Date().toISOString().replaceAll(':', '-')
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(results, null, 2)}\n`)
}

/** Puts results into the repository: the figures, the page of the documentation, the plot. */
export async function publish(results: RunResults): Promise<void> {
  await writeResults('performance', results)
  await draw(results)
}

/** Makes page and plot of the figures that are in the repository. */
export async function redraw(): Promise<void> {
  const figures = await readFile(join(BENCHMARKS, 'results/performance.json'), 'utf8')
  await draw(JSON.parse(figures) as RunResults)
}

async function draw(results: RunResults): Promise<void> {
  await writeFile(join(ROOT, 'docs/images/performance.svg'), drawPlot(results))
  await writePage(results)
}
