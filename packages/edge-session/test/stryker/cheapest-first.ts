import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** A mutant's run ends with the first test that fails, so what starts a server, a browser or a Next.js comes last. */
export class CheapestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((a, b) => costOf(a) - costOf(b))
  }
}

const DEAR = [
  'server',
  'devices',
  'route-handlers',
  'proxy',
  'session-handlers',
  'with-session',
  'read-only',
  'transports',
  'kv-store',
  'next-data-cache',
  'lifecycle',
  'cache',
  'store-contract',
]

function costOf({ moduleId }: TestSpecification): number {
  return DEAR.indexOf(basename(moduleId).split('.')[0] ?? '')
}
