// Keeps a log readable while a mistake repeats: one line per cause and pause, with the number of lines left out.

import type { Clock } from './clock.ts';
import type { Fields, Log } from './log.ts';

/** Number of lines left out since the line before. */
export interface LeftOut {
  readonly ofCause: number;
  /** Lines of causes for which there was no room. */
  readonly ofOthers: number;
}

interface Limits {
  readonly pauseMs: number;
  /** Most lines in one pause, of all causes together. */
  readonly maxLines: number;
}

/** @returns a function that returns what was left out before, or undefined where this line must be left out too */
export function createLogThrottle(
  clock: Clock,
  { pauseMs, maxLines }: Limits,
): (cause: string) => LeftOut | undefined {
  /** Oldest first. */
  const shown = new Map<string, { readonly at: number; leftOut: number }>();
  let ofOthers = 0;

  function hasRoom(now: number): boolean {
    if (shown.size < maxLines) return true;
    const [cause, { at, leftOut }] = shown.entries().next().value!;
    if (now - at < pauseMs) return false;
    shown.delete(cause);
    ofOthers += leftOut;
    return true;
  }

  return (cause) => {
    const now = clock.elapsed();
    const before = shown.get(cause);
    if (before && now - before.at < pauseMs) {
      before.leftOut += 1;
      return undefined;
    }
    if (!before && !hasRoom(now)) {
      ofOthers += 1;
      return undefined;
    }
    shown.delete(cause);
    shown.set(cause, { at: now, leftOut: 0 });
    const leftOut = { ofCause: before?.leftOut ?? 0, ofOthers };
    ofOthers = 0;
    return leftOut;
  };
}

const WARNING_LIMITS = { pauseMs: 1_000, maxLines: 1_000 };

/**
 * One log line a second for each cause, however fast a device repeats its mistake.
 *
 * @returns a function that warns, and whose next line says how many it left out
 */
export function createThrottledWarning(
  log: Log,
  clock: Clock,
): (cause: string, message: string, fields: Fields) => void {
  const throttle = createLogThrottle(clock, WARNING_LIMITS);
  return (cause, message, fields) => {
    const leftOut = throttle(cause);
    if (!leftOut) return;
    log.warn(message, { ...fields, notShown: leftOut.ofCause + leftOut.ofOthers || undefined });
  };
}
