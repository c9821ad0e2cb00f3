const { PROVE, EXTENT } = process.env

/** How much to try: a little in `npm test`, a part in end-to-end runs, everything with `PROVE=1`. */
export const extent: 'short' | 'usual' | 'whole' =
  PROVE === '1' ? 'whole' : EXTENT === 'short' ? 'short' : 'usual'

/** Every so many-th, another part for each `nth`; all with `PROVE=1`. */
export function sample<Item>(
  items: readonly Item[],
  every: { readonly short: number; readonly usual: number },
  nth = 0,
): readonly Item[] {
  const step = extent === 'whole' ? 1 : every[extent]
  return items.filter((_, i) => i % step === nth % step)
}
