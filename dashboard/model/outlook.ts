// Describes what rules about trends and habits have learned about a device.

import type { DefrostSchedule } from './api-types.ts';
import { dayMinuteText, durationText, minuteText, numberText } from './format.ts';

/** As the API returns it; times and durations in milliseconds. */
export interface Outlook {
  readonly ruleId: string;
  readonly kind: 'predicted' | 'unusual';
  readonly metric: string;
  readonly until?: number;
  readonly reason?: string;
  readonly learnsFor?: number;
  readonly ahead?: {
    readonly words: string;
    readonly since: number;
    readonly crossesAt?: number;
    readonly side: 'above' | 'below';
    readonly limit?: number;
  };
  /** The defrosts that a user entered. */
  readonly entered?: DefrostSchedule;
  readonly learned?: {
    readonly mode: 'known' | 'metric' | 'learned' | 'free';
    readonly low: number;
    readonly high: number;
    readonly defrosts?: { readonly every: number; readonly anchor: number; readonly length: number };
  };
  readonly forecast?: readonly ForecastPoint[];
}

export interface ForecastPoint {
  readonly at: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const REASONS: Readonly<Record<string, string>> = {
  learning: 'Still learning what is normal',
  defrost: 'Outside its band, as at a defrost',
  gap: 'Waiting for data after a gap',
  changed: 'The level changed during a pause: learning again what is normal',
  constant: 'No prediction: it has always had the same value',
  binary: 'No prediction: it has only two values',
  'limit-in-band': 'No prediction: the limit lies inside the normal band',
  late: 'No prediction: the last minutes came late',
  unusable: 'No prediction: the last minute has no usable value',
};

/** The rule's current finding. */
export function sayingText({ ahead, reason, learnsFor, kind }: Outlook): string {
  if (ahead) return ahead.words;
  if (reason === undefined) return kind === 'predicted' ? 'in its normal band' : 'as usual at this hour';
  const text = REASONS[reason] ?? reason;
  return learnsFor === undefined ? text : `${text}, ${durationText(learnsFor)} left`;
}

export const bandText = ({ low, high }: NonNullable<Outlook['learned']>, unit: string | undefined): string =>
  `${numberText(low, unit)} \u2026 ${numberText(high, unit)}${unit === undefined ? '' : ` ${unit}`}`;

/** How defrosts are recognised, and when the next one is expected. */
export function defrostText(
  { learned, entered }: Pick<Outlook, 'learned' | 'entered'>,
  now: number,
): string | undefined {
  if (entered) return `as entered: ${scheduleText(entered)}`;
  if (!learned) return undefined;
  const { mode, defrosts } = learned;
  if (mode === 'metric') return 'by a metric of the device';
  if (mode === 'known') return 'as set in the rule';
  if (mode === 'free' || !defrosts) return 'no schedule found: judged by their length and height';
  const { every, anchor, length } = defrosts;
  const next = anchor + Math.ceil((now - anchor) / every) * every;
  const at = next - now < 43_200_000 ? minuteText(next) : dayMinuteText(next);
  const hours = Math.round(every / 360_000) / 10;
  return `every ${hours} h for ${durationText(length)}, next about ${at}`;
}

function scheduleText(schedule: DefrostSchedule): string {
  const { lasts = '30m' } = schedule;
  if ('every' in schedule) {
    const from = typeof schedule.from === 'number' ? dayMinuteText(schedule.from) : schedule.from;
    return `every ${schedule.every} from ${from}, for ${lasts}`;
  }
  return `at ${schedule.at.join(', ')} (${schedule.timeZone}), for ${lasts}`;
}
