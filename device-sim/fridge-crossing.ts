// Finds when a failing fridge became too warm: the truth against which alerts are measured.

/** A minute of sensor data; `second` since the start. */
export interface TruthMinute {
  readonly second: number;
  readonly mean: number;
  readonly inDefrost: boolean;
}

/** After a defrost the air stays warm for some time: a crossing counts only this many seconds later. */
const RECOVERY = 30 * 60;
const MEAN_OF = 10;

/**
 * The crossing is the last rise through the limit before the ten-minute mean passes it outside of a defrost.
 * @param begins seconds since the start at which the failure begins.
 */
export function createCrossing(begins: number, limit: number) {
  const ten: number[] = [];
  let below = begins;
  let defrosted = -Infinity;
  let crossed: number | undefined;
  return {
    /** @returns true once the limit has been crossed. */
    add({ second, mean, inDefrost }: TruthMinute): boolean {
      if (inDefrost) defrosted = second;
      if (second < begins) return false;
      ten.push(mean);
      if (ten.length > MEAN_OF) ten.shift();
      if (mean < limit) below = second;
      const isOver = ten.length === MEAN_OF && ten.reduce((sum, each) => sum + each) / MEAN_OF > limit;
      if (isOver && second - defrosted > RECOVERY) crossed ??= below + 60;
      return crossed !== undefined;
    },
    /** Seconds since the start. */
    crossed: () => crossed,
  };
}
