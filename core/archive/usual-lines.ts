// Which lines need no careful parser: those whose numbers core reads unchanged, as tests against core itself show.

import { decimalOf } from '../decimal.ts';
import { fingerprint } from '../fingerprint.ts';
import { parseMessage } from '../message.ts';
import { identityText, type Metric } from '../reading.ts';

const TIME = 1_790_000_000_000;
const LIMITS = { maxLatenessSeconds: 1, maxSkewSeconds: 1 };
const CONTEXT = { deviceId: 'device', site: 'site', receivedAt: TIME, traceId: 'trace' };
/** No id, a text, and an address, by which some formats recognise a payload. */
const IDS = [undefined, 'a1', 'AA:BB:CC:DD:EE:FF'];
/** Values of each magnitude, including times in seconds and milliseconds; no sentinels. */
const VALUES = [0, 1, -1, 21.5, 255, 999, 1e9, 1_790_000_000, TIME, 999_999_999_999_999];

type Named = readonly [name: string, value: number];

/**
 * Whether core reads numbers under these names, beside a `timestamp`, as metrics with the same names. False for the name of
 * a time, a member that the rule adds to messages (`site`), or a format's own members (`elapsed` beside `linkquality`). It
 * tries core with examples, which is enough because formats recognise a payload by its names, by the types of its values
 * and by its texts, and a usual line has no text but its id.
 */
export const areMetrics = (names: readonly string[]): boolean => usualUnits(names) !== undefined;

/** The units of such metrics, in the order of `names`; undefined if core does not read them unchanged. */
export function usualUnits(names: readonly string[]): readonly (string | undefined)[] | undefined {
  let units: readonly (string | undefined)[] | undefined;
  for (const id of IDS) {
    for (const first of VALUES.keys()) {
      const values = names.map((name, n): Named => [name, VALUES[(first + n) % VALUES.length]!]);
      const found = readUnchanged(id, values)?.map(({ unit }) => unit);
      if (!found || (units && found.some((unit, n) => unit !== units![n]))) return undefined;
      units = found;
    }
  }
  return units;
}

function readUnchanged(id: string | undefined, values: readonly Named[]): readonly Metric[] | undefined {
  const payload = { ...Object.fromEntries(values), timestamp: TIME, ...(id !== undefined && { id }) };
  const { accepted, rejected, skipped, rounded } = parseMessage({ ...payload, ...CONTEXT }, LIMITS);
  const [reading] = accepted;
  const isWhole = rejected.length === 0 && skipped.length === 0 && rounded === 0;
  if (!reading || accepted.length > 1 || !isWhole) return undefined;
  const { deviceId, site, timestamp, metrics } = reading;
  if (deviceId !== CONTEXT.deviceId || site !== CONTEXT.site || timestamp !== TIME) return undefined;
  const wanted = values.map(([name, value]) => ({ name, value: decimalOf(value)! }));
  const areSame =
    metrics.length === wanted.length &&
    metrics.every(({ name, value }, n) => name === wanted[n]!.name && value === wanted[n]!.value);
  const identity = identityText(id, { ms: TIME, own: true }, wanted, '');
  return areSame && reading.fingerprint === fingerprint(identity) ? metrics : undefined;
}
