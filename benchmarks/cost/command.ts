import { writeResults, writeSection } from '../scale/repository.ts'
import { describeSurroundings } from '../scale/surroundings.ts'
import { checkSimulation } from './check.ts'
import { describeResults, type Results, siteName, siteTable } from './report.ts'
import { compareWays, SITES, varyCache } from './scenarios.ts'
import { readSettings, type Settings } from './settings.ts'

const settings = readSettings()
if (settings.checkOnly) await checkSimulation()
else if (settings.asked) answer(settings)
else await publish(settings)

/** For the traffic given on the command line. */
function answer({ traffic, cache, rates, sizes }: Settings): void {
  const outcomes = compareWays(traffic, cache)
  console.log(`${siteName(traffic)}\n\n${siteTable({ traffic, outcomes }, { rates, sizes })}`)
}

/** For the documentation, once the simulation has proven right. */
async function publish({ traffic, cache, rates, dryRun, ...settings }: Settings): Promise<void> {
  const checks = await checkSimulation()
  const perCommand = Math.round(checks[0]?.counted.bytesPerCommand ?? settings.sizes.perCommand)
  const sizes = { ...settings.sizes, perCommand }
  const sites = SITES.map((site) => {
    const siteTraffic = { ...traffic, ...site }
    return { traffic: siteTraffic, outcomes: compareWays(siteTraffic, cache) }
  })
  const cacheCases = varyCache(traffic, cache)
  const results: Results = {
    surroundings: await describeSurroundings(),
    rates,
    sizes,
    sites,
    cacheCases,
    checks,
  }
  const text = describeResults(results)
  console.log(`\n${text}`)
  if (dryRun) return
  await writeResults('cost', results)
  await writeSection('cost', text)
}
