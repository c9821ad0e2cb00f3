import type { KVCount } from '../kv-count.ts'
import type { ProofLine } from '../prove/proofs.ts'
import type { TallySummary } from '../tally.ts'
import { type Cell, duration, milliseconds, percent, table, text } from './markdown.ts'
import { originOf } from './origin.ts'
import type { PartName, Results } from './results-of.ts'

/** The sections below the aims, one for each part that has figures. */
export function detailsOf(results: Results): readonly string[] {
  return [
    proofs(results),
    outside(results),
    mixed(results),
    cost(results),
    faults(results),
    flood(results),
    revocation(results),
    soak(results),
  ].filter((section) => section !== '')
}

function proofs(results: Results): string {
  const figures = results.figures('proofs')
  if (figures === null) return ''
  const of = (proof: string) => figures.lines.filter((line) => line.proof === proof)
  const rest = figures.lines.filter(({ proof }) => !['model', 'interleavings'].includes(proof))
  return section('Proofs', [
    apart(results, 'proofs'),
    `${text(figures.tests.passed)} tests of packages/edge-session/test/prove passed, ${text(figures.tests.failed)} failed.`,
    'The model: three users with four browsers on two nodes do anything in any order, with faults, lagging replicas, clocks and changed secrets; after each step KV and the product are compared with the model. A step reaches KV over HTTP while a fault or lag is on, and else past it; AES, HKDF and SHA-256 are those of node:crypto, which give what Web Crypto gives, and at once.',
    table(
      ['what happened', 'times'],
      of('model').flatMap((line) => entriesOf(line)),
    ),
    'Races: orders in which the KV calls of several parties can arrive, drawn at random.',
    table(
      ['race', 'store', 'schedules', 'different orders', 'seed'],
      of('interleavings').map((line) => cells(line, ['race', 'store', 'schedules', 'orders', 'seed'])),
    ),
    'Everything else that was counted.',
    table(['what', 'counts'], rest.map(inOneRow)),
  ])
}

function outside(results: Results): string {
  const figures = results.figures('outside')
  if (figures === null) return ''
  return section('From outside', [
    apart(results, 'outside'),
    `${text(figures.tests.passed)} tests of apps/e2e on running apps, built for production, passed, ${text(figures.tests.failed)} failed: odd paths over raw sockets, headers that lie, open redirects, a shared cache in front, Next.js’ data cache, and leaks over the whole life of sessions; with \`proxy.ts\` and \`middleware.ts\` on Next.js 16 and \`middleware.ts\` on 15.`,
    table(['what', 'counts'], figures.lines.map(inOneRow)),
  ])
}

function inOneRow(line: ProofLine): readonly Cell[] {
  const counts = entriesOf(line).map(([name, count]) => `${name} ${text(count)}`)
  return [line.proof, counts.join(', ')]
}

function mixed(results: Results): string {
  const figures = results.figures('mixed')
  if (figures === null) return ''
  const { load, server, processorSecondsOfASignIn } = figures
  const spent = server.after.processorSeconds - server.before.processorSeconds
  const signIns = load.kinds['sign-in']?.count ?? 0
  return section('Mixed load', [
    apart(results, 'mixed'),
    `${text(figures.visitors)} visitors of ${figures.users} users for ${duration(figures.seconds)} over ${figures.connections} connections, each as fast as it was answered: 80 % reads, 15 % writes of session data, 5 % sign-ins and sign-outs; every sign-out is followed by a replay of its token. Activity was recorded every 5 s. Every answer was compared with its user, and those of \`/api/me\` and \`PATCH /api/session\` with a mark that only this session has.`,
    loadTable(load),
    kvSentence(figures.kv, load.requests),
    // Not in results of earlier versions.
    Number.isNaN(spent)
      ? ''
      : `The server took ${text(Math.round(spent))} s of processor time, ${milliseconds((spent * 1_000) / load.requests)} a request. Before the measurement a sign-in, which hashes a password, took it ${milliseconds(processorSecondsOfASignIn * 1_000)}; at that, ${text(Math.round(signIns * processorSecondsOfASignIn))} s went into sign-ins.`,
    `Memory of the server: ${text(server.before.rssMiB)} MiB before, ${text(server.after.rssMiB)} MiB after; file descriptors: ${server.before.descriptors} and ${server.after.descriptors}.`,
  ])
}

function cost(results: Results): string {
  const figures = results.figures('cost')
  if (figures === null) return ''
  return section('Cost in KV commands', [
    apart(results, 'cost'),
    `Reads alone, with the default lifetimes: ${text(figures.load.requests)} of them, ${text(figures.requestsPerSecond)} a second. Activity is recorded at most once a minute and session, so writes per read depend on how often a session is used: here ${text(figures.requestsPerVisitorAndMinute)} times a minute.`,
    kvSentence(figures.kv, figures.load.requests),
  ])
}

function faults(results: Results): string {
  const figures = results.figures('faults')
  if (figures === null) return ''
  const { load, recovery, signedInAtTheEnd } = figures
  return section('Load with a failing KV', [
    apart(results, 'faults'),
    `The same mix for ${duration(figures.seconds)} while ${percent(figures.struck)} of all KV requests were delayed, hung, were reset before or after they were applied, or were answered with 500, 429, HTML or half an answer, and tokens were replaced every 30 s. 503 is the right answer when KV does not say who somebody is, or a public page as for nobody; nobody may be signed out by it.`,
    loadTable(load),
    table(['never', 'times'], Object.entries(figures.never)),
    `After the faults ended, reads went on: the last answer that was not right came ${milliseconds(recovery.milliseconds)} later. Of ${text(signedInAtTheEnd.visitors)} visitors who had not signed out, ${text(signedInAtTheEnd.right)} were signed in at the end.`,
  ])
}

function flood(results: Results): string {
  const figures = results.figures('flood')
  if (figures === null) return ''
  const { phases, halfPerSecond, offeredPerSecond } = figures
  const names: readonly (readonly [keyof typeof phases, string])[] = [
    ['calm', 'no flood'],
    ['anonymous', `no cookie, ${text(offeredPerSecond)}/s offered`],
    ['forged', `forged, ${text(offeredPerSecond)}/s offered`],
    ['anonymousHalf', `no cookie, ${text(halfPerSecond)}/s`],
    ['forgedHalf', `forged, ${text(halfPerSecond)}/s`],
  ]
  return section('Forged tokens', [
    apart(results, 'flood'),
    `${figures.legitimatePerSecond} legitimate requests a second, beside a flood of forged tokens to two protected routes: noise under the name of the right key, tokens of another secret, malformed ones. The same flood without cookies shows what the requests themselves cost. A server that does not keep up gets as many as it answers. Processor time is that of the server alone, for each request that it answered. Server, KV, Redis, flood and measurement share the cores.`,
    table(
      [
        'flood',
        'answered a second',
        'legitimate p50',
        'p99',
        'processor time a request',
        'KV commands of the flood',
        'second attempts',
        'MiB before',
        'after',
      ],
      names.map(([name, words]) => {
        const { attack, attackPerSecond, legitimate, before, after } = phases[name]
        const { kvCommandsOfTheFlood, secondAttempts } = phases[name]
        const spent = after.processorSeconds - before.processorSeconds
        const { p50, p99 } = legitimate.latency
        return [
          words,
          Math.round(attackPerSecond),
          milliseconds(p50),
          milliseconds(p99),
          Number.isNaN(spent)
            ? '' // Not in results of earlier versions.
            : `${text((spent * 1_000) / (legitimate.requests + (attack?.answered ?? 0)))} ms`,
          kvCommandsOfTheFlood,
          secondAttempts,
          before.rssMiB,
          after.rssMiB,
        ]
      }),
    ),
  ])
}

function revocation(results: Results): string {
  const figures = results.figures('revocation')
  if (figures === null) return ''
  const { revocations } = figures
  return section('Revocation under load', [
    apart(results, 'revocation'),
    `On ${figures.instances} instances, all sessions of a user in use, one of them ended all or all others, ${text(revocations.rounds)} times: ${text(revocations.sessionsRevoked)} sessions. ${text(revocations.readsAfterwards)} requests of those were begun after the app had confirmed it. ${text(revocations.unconfirmed)} further rounds prove nothing, as KV was too slow and the app answered 503.`,
    table(
      ['never', 'times'],
      [
        ['answered after the revocation was confirmed', revocations.lostRevocations],
        ['another number of sessions confirmed than there were', revocations.wrongNumbers],
        ['the session that stays refused', revocations.refusedSurvivors],
        ['wrong identity', revocations.wrongIdentities],
      ],
    ),
  ])
}

function soak(results: Results): string {
  const figures = results.figures('soak')
  if (figures === null) return ''
  const { samples, descriptors, keys, requests, wrong } = figures
  const notRight = Object.entries(wrong).map(([what, count]) => `${text(count)} ${what}`)
  return section('Soak', [
    apart(results, 'soak'),
    `The mix at ${figures.perSecond} a second for ${text(figures.minutes)} min, ${text(requests)} requests, with a heap of 256 MiB. Answers that were not right: ${notRight.join(', ') || 'none'}. From minute ${text(figures.warmUpMinutes)} on, memory grew by ${figures.rssSlopePercentPerTenMinutes.toFixed(2)} % in 10 minutes. File descriptors: ${descriptors.first} then, ${descriptors.last} at the end, ${descriptors.most} at most. KV keys: ${keys.before} before, ${keys.after} after everybody had signed out.`,
    table(
      ['minute', 'memory in MiB', 'file descriptors'],
      samples.map(({ minute, rssMiB, descriptors }) => [Math.round(minute), rssMiB, descriptors]),
    ),
  ])
}

/** Says so if a part was. */
function apart(results: Results, part: PartName): string {
  const origin = originOf(results, part)
  return origin === null ? '' : `Measured apart from the rest: ${origin}`
}

function section(title: string, blocks: readonly string[]): string {
  return [`## ${title}`, ...blocks.filter((block) => block !== '')].join('\n\n')
}

function loadTable({ kinds, latency, statuses, requests }: TallySummary): string {
  const rows = Object.entries(kinds).sort(([a], [b]) => (a < b ? -1 : 1))
  return table(
    ['request', 'times', 'answers', 'p50', 'p99', 'longest'],
    [...rows, ['all', { ...latency, count: requests, statuses }] as const].map(([kind, summary]) => [
      kind,
      summary.count,
      Object.entries(summary.statuses)
        .map(([status, count]) => `${status}: ${text(count)}`)
        .join(', '),
      milliseconds(summary.p50),
      milliseconds(summary.p99),
      milliseconds(summary.max),
    ]),
  )
}

function kvSentence({ commands, requests, byCommand }: KVCount, asked: number): string {
  const each = Object.entries(byCommand).map(([name, count]) => `${text(count)} ${name}`)
  return `KV received ${text(commands)} commands (${each.join(', ')}) in ${text(requests)} requests, for ${text(asked)} requests of the app.`
}

function entriesOf({ proof: _, ...counts }: ProofLine): readonly (readonly [string, Cell])[] {
  return Object.entries(counts).map(([name, count]) => [name, name === 'seed' ? String(count) : count])
}

function cells(line: ProofLine, names: readonly string[]): readonly Cell[] {
  return names.map((name) => (name === 'seed' ? String(line[name]) : (line[name] ?? '')))
}
