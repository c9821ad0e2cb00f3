/** Like `Promise.all` over a map, with no more than so many at a time. */
export async function atMost<Item, Result>(
  number: number,
  items: readonly Item[],
  run: (item: Item, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const waiting = [...items.entries()]
  await Promise.all(
    Array.from({ length: number }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, item] = next
        results[index] = await run(item, index)
      }
    }),
  )
  return results
}
