// One log line a second for each cause, however fast a device repeats its mistake.
import type { Clock } from '../clock.ts';
import type { Fields, Log } from '../log.ts';
import { createLogThrottle } from '../log-throttle.ts';

const LIMITS = { pauseMs: 1_000, maxLines: 1_000 };

/** @returns a function that warns, and whose next line says how many it left out */
export function createThrottledWarning(
  log: Log,
  clock: Clock,
): (cause: string, message: string, fields: Fields) => void {
  const throttle = createLogThrottle(clock, LIMITS);
  return (cause, message, fields) => {
    const leftOut = throttle(cause);
    if (!leftOut) return;
    log.warn(message, { ...fields, notShown: leftOut.ofCause + leftOut.ofOthers || undefined });
  };
}
