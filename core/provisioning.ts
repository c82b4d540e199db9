// Which devices may exchange a claim for a certificate of their own: those with a serial number in the factory's pattern.

import { CLAIM_PREFIX } from './thing-names.ts';

/** The serial number that the pre-provisioning hook accepts, or why it refuses. */
export type SerialJudgement = { readonly serialNumber: string } | { readonly refused: string };

/** AWS IoT's pattern for thing names: the serial number becomes one. */
const THING_NAME = /^[a-zA-Z0-9:_-]{1,128}$/;

/** One hour of the clock: registrations are counted per hour, named by its start. */
const HOUR_MS = 3_600_000;

/**
 * @param event The hook's event from AWS IoT; the device chose all of its `parameters`.
 * @param pattern The pattern that the whole serial number must match.
 */
export function judgeSerial(event: unknown, pattern: RegExp): SerialJudgement {
  const serialNumber = fieldOf(fieldOf(event, 'parameters'), 'SerialNumber');
  if (typeof serialNumber !== 'string') return { refused: 'parameter SerialNumber is missing' };
  if (!THING_NAME.test(serialNumber)) return { refused: 'the serial number is not a valid thing name' };
  // The sensor `b` behind the gateway `a` is the device `a:b`: a thing with that name would share its windows and alerts.
  if (serialNumber.includes(':')) {
    return {
      refused: 'the serial number contains a colon, which is reserved for sensors behind a gateway',
    };
  }
  if (serialNumber.startsWith(CLAIM_PREFIX))
    return { refused: `the serial number begins with ${CLAIM_PREFIX}, under which claims connect` };
  // Without the group, only parts of `tg-1|tg-12` would be anchored, and `tg-12` would not match it as a whole.
  if (!new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(serialNumber)) {
    return { refused: 'the serial number does not match the pattern' };
  }
  return { serialNumber };
}

/** The UTC hour that contains `now` (epoch milliseconds), such as `2026-11-30T20`, and when it ends. */
export function hourOf(now: number): { readonly name: string; readonly endsAt: number } {
  const start = now - (now % HOUR_MS);
  return { name: new Date(start).toISOString().slice(0, 13), endsAt: start + HOUR_MS };
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
