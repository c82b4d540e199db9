// Lines of a kind have the same metrics in the same order, so a reading is told by the number of its shape and its values alone.

/** Shapes by number: 0 is the one without metrics. */
export interface Shapes {
  /** For each shape its metrics by number. */
  readonly list: readonly (readonly number[])[];
  /** The shape with that metric added at the end; -1 when it is new and there are too many. */
  next(shape: number, metric: number): number;
}

export function createShapes(most: number): Shapes {
  const list: (readonly number[])[] = [[]];
  const children = new Map<string, number>();
  /** For each shape the metric that was added to it last time, and what that made of it. */
  const guesses = new Int32Array(most * 2).fill(-1);

  return {
    list,
    next(shape, metric) {
      if (guesses[shape * 2] === metric) return guesses[shape * 2 + 1]!;
      const key = `${shape},${metric}`;
      let child = children.get(key);
      if (child === undefined) {
        if (list.length === most) return -1;
        child = list.push([...list[shape]!, metric]) - 1;
        children.set(key, child);
      }
      guesses[shape * 2] = metric;
      guesses[shape * 2 + 1] = child;
      return child;
    },
  };
}
