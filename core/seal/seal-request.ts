// What an event requests from the function that seals: the schedule requests all due days, a manual invocation may request more.

import { isDay, lastDue } from './sealed-days.ts';

export interface SealRequest {
  /** A day whose seal is compared with the archive again, such as `2026-11-29`. */
  readonly day?: string;
  /** Fingerprint of a new key that seals from now on. */
  readonly acceptKey?: string;
}

/**
 * `{ "day": "2026-11-29" }` and `{ "acceptKey": "<64 hexadecimal digits>" }`; other members are those of a schedule.
 * @throws Error that names the wrong member.
 */
export function sealRequestIn(event: unknown, now: number): SealRequest {
  const { day, acceptKey } = (event ?? {}) as Readonly<Record<keyof SealRequest, unknown>>;
  if (day !== undefined && !isDayText(day))
    throw new Error(`day must be a day such as 2026-11-29, not ${JSON.stringify(day)}`);
  if (isDayText(day) && day > lastDue(now))
    throw new Error(`day ${day} cannot be sealed yet: the last one that can is ${lastDue(now)}`);
  if (acceptKey !== undefined && !isFingerprint(acceptKey))
    throw new Error(`acceptKey must be the SHA-256 of a public key, 64 hexadecimal digits`);
  return { ...(isDayText(day) && { day }), ...(isFingerprint(acceptKey) && { acceptKey }) };
}

const isDayText = (value: unknown): value is string => typeof value === 'string' && isDay(value);
const isFingerprint = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
