// Which devices may exchange a claim for a certificate of their own: those with a serial number that the factory gives.

import { CLAIM_PREFIX } from './thing-names.ts';

/** What the pre-provisioning hook decides on; or why not. */
export type SerialJudgement = { readonly serialNumber: string } | { readonly refused: string };

/** AWS IoT's rule for the names of things: the serial number becomes one. */
const thingName = /^[a-zA-Z0-9:_-]{1,128}$/;

/** An hour of the clock: registrations are counted by it, and its first moment names it. */
const HOUR_MS = 3_600_000;

/**
 * @param event what AWS IoT sends the hook; the device chose all of its `parameters`.
 * @param pattern what the whole serial number must match.
 */
export function judgeSerial(event: unknown, pattern: RegExp): SerialJudgement {
  const serialNumber = fieldOf(fieldOf(event, 'parameters'), 'SerialNumber');
  if (typeof serialNumber !== 'string') return { refused: 'parameter SerialNumber is missing' };
  if (!thingName.test(serialNumber)) return { refused: 'the serial number is no name of a thing' };
  // The sensor `b` behind the gateway `a` is the device `a:b`: a thing of that name would share its windows and alerts.
  if (serialNumber.includes(':')) {
    return {
      refused: 'the serial number has a colon, which only sensors behind a gateway have in their name',
    };
  }
  if (serialNumber.startsWith(CLAIM_PREFIX))
    return { refused: `the serial number begins with ${CLAIM_PREFIX}, under which claims connect` };
  // Anchored, or of `tg-1|tg-12` the first alternative would be found in `tg-12`, and the rest of it be too much.
  if (!new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(serialNumber)) {
    return { refused: 'the serial number does not match the pattern' };
  }
  return { serialNumber };
}

/** The hour of the clock that holds `now` (epoch milliseconds), such as `2026-11-30T20`, in UTC, and when it ends. */
export function hourOf(now: number): { readonly name: string; readonly endsAt: number } {
  const start = now - (now % HOUR_MS);
  return { name: new Date(start).toISOString().slice(0, 13), endsAt: start + HOUR_MS };
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
