// How many requests a second one shadow takes: 20, which AWS does not raise.
// https://docs.aws.amazon.com/general/latest/gr/iot-core.html#device-shadow-limits

const PER_SECOND = 20;
const SECOND_MS = 1_000;

/** True when the shadow takes one more request; `at` is when it came, epoch milliseconds. */
export type TakesRequest = (shadow: string, at: number) => boolean;

/** A second's worth may come at once. */
export function createRequestRate(): TakesRequest {
  const each = SECOND_MS / PER_SECOND;
  /** Until when each shadow's requests would take, were they spread out evenly; in the order of their last one. */
  const busyUntil = new Map<string, number>();
  const forgetIdle = (now: number) => {
    for (const [shadow, until] of busyUntil) {
      if (until > now) return;
      busyUntil.delete(shadow);
    }
  };
  return (shadow, at) => {
    forgetIdle(at);
    const until = busyUntil.get(shadow) ?? at;
    const wasSetBack = until > at + SECOND_MS; // the machine's time, that is
    const next = (wasSetBack ? at : Math.max(at, until)) + each;
    if (next > at + SECOND_MS) return false;
    busyUntil.delete(shadow);
    busyUntil.set(shadow, next);
    return true;
  };
}
