/** The step that an aim is about. */
export const FIRST_VISIT = 'proxy without KV, token not seen before'
