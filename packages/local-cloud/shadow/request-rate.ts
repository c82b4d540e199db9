// Limits the requests to one shadow to 20 a second, as AWS does.
// https://docs.aws.amazon.com/general/latest/gr/iot-core.html#device-shadow-limits

const PER_SECOND = 20;
const SECOND_MS = 1_000;

/** Whether the shadow accepts one more request, which came `at` (epoch milliseconds). */
export type TakesRequest = (shadow: string, at: number) => boolean;

/** The requests of one second may come at once. */
export function createRequestRate(): TakesRequest {
  const each = SECOND_MS / PER_SECOND;
  /** For each shadow, when its requests would end if they were evenly spread; in the order of the last request. */
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
