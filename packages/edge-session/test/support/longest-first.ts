import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const LONGEST = [
  'store-contract',
  'prove/fault-table',
  'store-contract.edge',
  'prove/interleavings',
  'prove/model',
  'races',
]

/** No worker is left alone with a long file at the end. Those that are not listed come as Vitest would have them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files)
    return [...usual].sort((a, b) => rankOf(a) - rankOf(b))
  }
}

function rankOf({ project, moduleId }: TestSpecification): number {
  const name = relative(`${project.config.root}/test`, moduleId).replace(/\.test\.tsx?$/, '')
  const place = LONGEST.indexOf(name)
  return place === -1 ? LONGEST.length : place
}
