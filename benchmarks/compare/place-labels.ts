/** A dot and the text beside it, in pixels. */
export interface Labelled {
  readonly x: number
  readonly y: number
  readonly labelWidth: number
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const HEIGHT = 17
/** Half a dot, and what is to stay free around it. */
const DOT = 9

/**
 * How far each label has to move down from beside its dot (up: negative) to be over no other dot and no label before
 * it in the list: as little as that takes.
 */
export function placeLabels(points: readonly Labelled[], gap: number): readonly number[] {
  const taken: Box[] = points.map(({ x, y }) => around({ left: x - DOT, right: x + DOT, y, height: 2 * DOT }))
  return points.map(({ x, y, labelWidth }, index) => {
    const others = taken.filter((_, of) => of !== index)
    const boxAt = (move: number) =>
      around({ left: x + gap, right: x + gap + labelWidth, y: y + move, height: HEIGHT })
    const move = MOVES.find((candidate) => !others.some((box) => overlap(box, boxAt(candidate)))) ?? 0
    taken.push(boxAt(move))
    return move
  })
}

const MOVES = [0, ...Array.from({ length: 30 }, (_, step) => [-(step + 1) * 2, (step + 1) * 2]).flat()]

function around({ left, right, y, height }: { left: number; right: number; y: number; height: number }): Box {
  return { left, right, top: y - height / 2, bottom: y + height / 2 }
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}
