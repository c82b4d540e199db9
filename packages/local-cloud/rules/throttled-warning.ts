// One log line a second for each cause, however fast a device repeats its mistake.
import type { Clock } from '../clock.ts';
import type { Fields, Log } from '../log.ts';

const PAUSE_MS = 1_000;
const MAX_CAUSES = 1_000;

/** @returns a function that warns, and whose next line for the same cause says how many it left out */
export function createThrottledWarning(
  log: Log,
  clock: Clock,
): (cause: string, message: string, fields: Fields) => void {
  const causes = new Map<string, { last: number; skipped: number }>();
  return (cause, message, fields) => {
    const now = clock.elapsed();
    const known = causes.get(cause);
    if (known && now - known.last < PAUSE_MS) {
      known.skipped++;
      return;
    }
    if (!known && causes.size >= MAX_CAUSES) causes.clear();
    causes.set(cause, { last: now, skipped: 0 });
    log.warn(message, { ...fields, notShown: known?.skipped || undefined });
  };
}
