/**
 * Marks a request that no person asked for: a page's own check on its session. It is no activity, so it neither touches
 * nor renews. Whoever sends it can only let a session end earlier.
 */
export const PASSIVE_HEADER = 'x-edge-session-passive'
