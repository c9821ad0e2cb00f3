import { parseArgs } from 'node:util'
import type { Sizes } from './bill.ts'
import type { CacheSettings } from './edge-session-ways.ts'
import { type Rates, UPSTASH } from './prices.ts'
import type { Traffic } from './traffic.ts'

/** What can be given on the command line, and what holds without. */
const OPTIONS = {
  users: { type: 'string', default: '10000' },
  instances: { type: 'string', default: '4' },
  visits: { type: 'string', default: '2' },
  pages: { type: 'string', default: '6' },
  'seconds-per-page': { type: 'string', default: '40' },
  'requests-per-page': { type: 'string', default: '2' },
  'sign-outs': { type: 'string', default: '0.05' },
  updates: { type: 'string', default: '0.1' },
  swing: { type: 'string', default: '0.8' },
  routing: { type: 'string', default: 'random' },
  'instance-minutes': { type: 'string', default: '30' },
  'revocation-lag': { type: 'string', default: '5' },
  'touch-interval': { type: 'string', default: '60' },
  memory: { type: 'string', default: '10000' },
  hours: { type: 'string', default: '24' },
  seed: { type: 'string', default: '1' },
  'price-per-100k': { type: 'string', default: String(UPSTASH.perHundredThousandCommands) },
  'price-per-gb': { type: 'string', default: String(UPSTASH.perGigabyteStored) },
  'bytes-per-session': { type: 'string', default: '600' },
  'bytes-per-command': { type: 'string', default: '1000' },
  'sessions-per-user': { type: 'string', default: '6' },
  'check-only': { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
} as const

export interface Settings {
  readonly traffic: Traffic
  readonly cache: CacheSettings
  readonly rates: Rates
  readonly sizes: Sizes
  /** Something was given: then it is this traffic that is asked about, and nothing is published. */
  readonly asked: boolean
  readonly checkOnly: boolean
  readonly dryRun: boolean
}

export function readSettings(): Settings {
  const { values, tokens } = parseArgs({ options: OPTIONS, tokens: true })
  const number = (name: Exclude<keyof typeof OPTIONS, 'routing' | 'dry-run' | 'check-only'>): number => {
    const value = Number(values[name])
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number.`)
    return value
  }
  const { routing } = values
  if (routing !== 'random' && routing !== 'sticky') throw new Error('--routing must be random or sticky.')
  return {
    traffic: {
      seed: number('seed'),
      hours: number('hours'),
      users: number('users'),
      visitsPerDay: number('visits'),
      pagesPerVisit: number('pages'),
      secondsPerPage: number('seconds-per-page'),
      requestsPerPage: number('requests-per-page'),
      signOuts: number('sign-outs'),
      updates: number('updates'),
      dailySwing: number('swing'),
      instances: number('instances'),
      routing,
      instanceMinutes: number('instance-minutes'),
    },
    cache: {
      touchInterval: number('touch-interval') * 1_000,
      revocationLag: number('revocation-lag') * 1_000,
      memory: number('memory'),
    },
    rates: {
      ...UPSTASH,
      perHundredThousandCommands: number('price-per-100k'),
      perGigabyteStored: number('price-per-gb'),
    },
    sizes: {
      perSession: number('bytes-per-session'),
      perCommand: number('bytes-per-command'),
      sessionsPerUser: number('sessions-per-user'),
    },
    asked: tokens.some((token) => token.kind === 'option' && !['check-only', 'dry-run'].includes(token.name)),
    checkOnly: values['check-only'],
    dryRun: values['dry-run'],
  }
}
