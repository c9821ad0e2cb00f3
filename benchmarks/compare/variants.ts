export interface Variant {
  readonly id: string
  /** What the tables call it. */
  readonly title: string
  /** The folder of `layers` it runs on. */
  readonly layer: string
  /** `null`: no proxy at all. */
  readonly convention: 'proxy.ts' | 'middleware.ts' | null
  readonly ours: boolean
  /** Believes its cookie as it is: what everybody else is measured against, and nothing to use. */
  readonly floor: boolean
  readonly env: Readonly<Record<string, string>>
  /** How long the pages may go on to believe a session that was ended, as its configuration says. */
  readonly lag: Lag
  /** Set for the measurement of the lag alone, where the real one would take too long to wait for. */
  readonly lagEnv: Readonly<Record<string, string>>
}

/** Seconds, or `never` for what has nothing on the server that could be ended, or `null` for floors. */
export type Lag = number | 'never' | null

/** What all ratios refer to. */
export const BASELINE = 'trivial'
/** Nothing checked, but the page is told by the proxy who is there. */
export const HAND_OVER = 'hand-over'

const NODE = {
  convention: 'proxy.ts',
  ours: false,
  floor: false,
  env: {},
  lagEnv: {},
} as const
const EDGE = { ...NODE, convention: 'middleware.ts' } as const
const FLOOR = { floor: true, lag: null } as const
/** Layout and page share an answer, as Next.js recommends. */
const REACT_CACHE = { env: { REACT_CACHE: '1' } } as const

export const VARIANTS: readonly Variant[] = [
  { ...NODE, ...FLOOR, id: 'none', title: 'no proxy', layer: 'none', convention: null },
  { ...NODE, ...FLOOR, id: BASELINE, title: 'trivial proxy', layer: 'trivial' },
  { ...EDGE, ...FLOOR, id: 'trivial-edge', title: 'trivial proxy', layer: 'trivial' },
  { ...NODE, ...FLOOR, id: HAND_OVER, title: 'a header handed over', layer: 'hand-over' },
  { ...NODE, id: 'snippet', title: 'snippet', layer: 'snippet', lag: 0 },
  { ...EDGE, id: 'snippet-edge', title: 'snippet', layer: 'snippet', lag: 0 },
  {
    ...NODE,
    ...REACT_CACHE,
    id: 'snippet-react-cache',
    title: 'snippet, React cache()',
    layer: 'snippet',
    lag: 0,
  },
  {
    ...NODE,
    id: 'snippet-header',
    title: 'snippet, x-user-id believed',
    layer: 'snippet-header',
    lag: 0,
  },
  { ...NODE, id: 'iron-session', title: 'iron-session', layer: 'iron-session', lag: 'never' },
  { ...NODE, id: 'better-auth', title: 'Better Auth', layer: 'better-auth', lag: 0 },
  {
    ...NODE,
    ...REACT_CACHE,
    id: 'better-auth-react-cache',
    title: 'Better Auth, React cache()',
    layer: 'better-auth',
    lag: 0,
  },
  {
    ...NODE,
    id: 'better-auth-cookie-cache',
    title: 'Better Auth, cookie cache',
    layer: 'better-auth',
    env: { COOKIE_CACHE_SECONDS: '300' },
    lag: 300,
    lagEnv: { COOKIE_CACHE_SECONDS: '15' },
  },
  { ...NODE, id: 'authjs', title: 'Auth.js', layer: 'authjs', lag: 0 },
  {
    ...NODE,
    ...REACT_CACHE,
    id: 'authjs-react-cache',
    title: 'Auth.js, React cache()',
    layer: 'authjs',
    lag: 0,
  },
  { ...NODE, id: 'strict', title: 'edge-session, strict', layer: 'edge-session-strict', lag: 0, ours: true },
  {
    ...EDGE,
    id: 'strict-edge',
    title: 'edge-session, strict',
    layer: 'edge-session-strict',
    lag: 0,
    ours: true,
  },
  { ...NODE, id: 'cached', title: 'edge-session, cached', layer: 'edge-session-cached', lag: 5, ours: true },
  {
    ...EDGE,
    id: 'cached-edge',
    title: 'edge-session, cached',
    layer: 'edge-session-cached',
    lag: 5,
    ours: true,
  },
  {
    ...NODE,
    id: 'stateless',
    title: 'edge-session, stateless',
    layer: 'edge-session-stateless',
    lag: 'never',
    ours: true,
  },
  {
    ...EDGE,
    id: 'stateless-edge',
    title: 'edge-session, stateless',
    layer: 'edge-session-stateless',
    lag: 'never',
    ours: true,
  },
]
