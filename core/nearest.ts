// Guesses which known name is meant by an unknown one.

/** The known names, most similar to `name` first. */
export function byNearness(name: string, known: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const distances = new Map(known.map((each) => [each, distanceOf(wanted, each.toLowerCase())]));
  return known.toSorted((a, b) => distances.get(a)! - distances.get(b)! || (a < b ? -1 : 1));
}

/** The known name that differs by at most three letters; undefined if none is that similar. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const [first] = byNearness(name, known);
  if (first === undefined) return undefined;
  const [wanted, found] = [name.toLowerCase(), first.toLowerCase()];
  const most = Math.max(1, Math.floor(Math.min(wanted.length, found.length) / 3));
  return distanceOf(wanted, found) <= Math.min(3, most) ? first : undefined;
}

const LONGEST = 64;

/** Letters to insert, delete, replace or swap with their neighbour, comparing the first 64 of each. */
function distanceOf(from: string, to: string): number {
  const [a, b] = [from.slice(0, LONGEST), to.slice(0, LONGEST)];
  let [before, last]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= a.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      next.push(
        Math.min(
          last![column]! + 1,
          next[column - 1]! + 1,
          last![column - 1]! + (isSame ? 0 : 1),
          isSwapped ? before![column - 2]! + 1 : Infinity,
        ),
      );
    }
    [before, last] = [last, next];
  }
  return last![b.length]!;
}
