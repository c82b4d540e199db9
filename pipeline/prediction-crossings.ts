// Finds in the measured values what became of predictions: the first minute whose mean is beyond the announced limit.

import { DAY_MS, dayOf } from '../core/archive/day-choice.ts';
import { decimalFromText } from '../core/decimal.ts';
import { HOUR_MS, hourOf } from '../core/hour.ts';
import {
  countsUntil,
  judgedAnnouncement,
  type Announcement,
  type JudgedAnnouncement,
} from '../core/prediction-outcome.ts';
import { rollUp, type Bucket } from '../core/rollup.ts';
import type { Window } from '../core/window.ts';
import type { DeviceDays } from './archived-days.ts';
import type { WindowHistory } from './ports.ts';

export interface JudgedAnnouncements {
  readonly predictions: readonly JudgedAnnouncement[];
  /** False if an hour had to replace a minute, because its windows are gone from the table and the archive. */
  readonly isToTheMinute: boolean;
}

const MINUTE_SECONDS = 60;
/** Most hours whose windows are read; further hours count as a whole. */
const MAX_SPLIT = 100;

type Windows = Pick<WindowHistory, 'hours' | 'stored'>;

interface Announced {
  readonly deviceId: string;
  readonly announcements: readonly Announcement[];
  /** Gives days whose windows are gone. */
  readonly archive: Pick<DeviceDays, 'of'>;
  readonly now: number;
}

/**
 * Gives the minutes of hours of a device; undefined if its windows are gone, or some of them, and the archive cannot
 * give them.
 */
function createMinutesOf(
  windows: Windows,
  windowSeconds: number,
  { deviceId, archive }: Pick<Announced, 'deviceId' | 'archive'>,
) {
  const minutes = new Map<number, readonly Bucket[] | undefined>();

  async function archivedHour({ start }: Bucket): Promise<readonly Window[] | undefined> {
    const day = dayOf(start);
    const own = await archive.of(day, async () => windows.hours({ deviceId, from: day, to: day + DAY_MS }));
    return own?.filter(({ windowStart }) => hourOf(windowStart) === start);
  }

  return async (hour: Bucket): Promise<readonly Bucket[] | undefined> => {
    if (minutes.has(hour.start) || minutes.size >= MAX_SPLIT) return minutes.get(hour.start);
    const limit = HOUR_MS / 1000 / windowSeconds + 1;
    const stored = await windows.stored({ deviceId, from: hour.start, to: hour.end, limit });
    const readings = stored.reduce((sum, window) => sum + window.readings, 0);
    const whole = readings >= hour.readings ? stored : await archivedHour(hour);
    const found = whole && rollUp(whole, Math.max(MINUTE_SECONDS, windowSeconds));
    minutes.set(hour.start, found);
    return found;
  };
}

/** Of one device, in their order. `now`: epoch milliseconds. Rejects with the SDK's error. */
export async function withOutcomes(
  windows: Windows,
  windowSeconds: number,
  { deviceId, announcements, archive, now }: Announced,
): Promise<JudgedAnnouncements> {
  if (announcements.length === 0) return { predictions: [], isToTheMinute: true };
  const from = Math.min(...announcements.map((each) => each.from));
  const to = Math.max(from + 1, ...announcements.map((each) => countsUntil(each, now)));
  const hours = await windows.hours({ deviceId, from: hourOf(from), to });
  const minutesOf = createMinutesOf(windows, windowSeconds, { deviceId, archive });
  let isToTheMinute = true;

  async function crossingOf(announcement: Announcement): Promise<number | undefined> {
    const until = countsUntil(announcement, now);
    for (const hour of hours) {
      if (hour.end <= announcement.from || hour.start >= until || !reaches(hour, announcement)) continue;
      const found = await minutesOf(hour);
      if (!found) {
        isToTheMinute = false;
        return Math.max(hour.start, announcement.from);
      }
      const crossed = found.find(
        (minute) =>
          minute.start >= announcement.from && minute.start < until && isBeyond(minute, announcement),
      );
      if (crossed) return crossed.start;
    }
    return undefined;
  }

  const predictions: JudgedAnnouncement[] = [];
  // One after the other: they share hours.
  for (const each of announcements) predictions.push(judgedAnnouncement(each, await crossingOf(each), now));
  return { predictions, isToTheMinute };
}

/** Whether any reading of the bucket is beyond the limit: otherwise no mean is. */
function reaches({ metrics }: Bucket, { metric, side, limit }: Announcement): boolean {
  const [statistics, level] = [metrics.get(metric), decimalFromText(limit)];
  if (!statistics || level === undefined) return false;
  return side === 'above' ? statistics.max > level : statistics.min < level;
}

/** Whether the bucket's mean is beyond the limit, computed exactly. */
function isBeyond({ metrics }: Bucket, { metric, side, limit }: Announcement): boolean {
  const [statistics, level] = [metrics.get(metric), decimalFromText(limit)];
  if (!statistics || level === undefined) return false;
  const atLimit = level * BigInt(statistics.count);
  return side === 'above' ? statistics.sum > atLimit : statistics.sum < atLimit;
}
