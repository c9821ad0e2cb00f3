/** Moves labels apart until no two are closer than `gap`, and none further than that takes. In the order given. */
export function spreadLabels(positions: readonly number[], gap: number): readonly number[] {
  const sorted = [...positions.entries()].sort(([, a], [, b]) => a - b)
  const clusters: { sum: number; members: number[] }[] = []
  for (const [index, position] of sorted) {
    clusters.push({ sum: position, members: [index] })
    for (let last = clusters.at(-1), before = clusters.at(-2); last && before; ) {
      if (endOf(before, gap) + gap <= startOf(last, gap)) break
      clusters.splice(-2, 2, { sum: before.sum + last.sum, members: [...before.members, ...last.members] })
      last = clusters.at(-1)
      before = clusters.at(-2)
    }
  }
  const places: number[] = []
  for (const cluster of clusters) {
    for (const [rank, index] of cluster.members.entries()) places[index] = startOf(cluster, gap) + rank * gap
  }
  return places
}

/** A cluster stands around the mean of where its labels want to be. */
function startOf({ sum, members }: { sum: number; members: readonly number[] }, gap: number): number {
  return sum / members.length - ((members.length - 1) * gap) / 2
}

function endOf(cluster: { sum: number; members: readonly number[] }, gap: number): number {
  return startOf(cluster, gap) + (cluster.members.length - 1) * gap
}
