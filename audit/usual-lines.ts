// Which lines the kernel of the fold may take: those that core reads as they stand, as core itself says.

import { isDeepStrictEqual } from 'node:util';
import { decimalOf } from '../core/decimal.ts';
import { fingerprint } from '../core/fingerprint.ts';
import { parseMessage } from '../core/message.ts';
import { identityText } from '../core/reading.ts';

const TIME = 1_790_000_000_000;
const LIMITS = { maxLatenessSeconds: 1, maxSkewSeconds: 1 };
const CONTEXT = { deviceId: 'device', site: 'site', receivedAt: TIME, traceId: 'trace' };
/** None, any text, and an address, by which some formats know a payload. */
const IDS = [undefined, 'a1', 'AA:BB:CC:DD:EE:FF'];
/** Of each magnitude, times in seconds and milliseconds among them; no sentinels. */
const VALUES = [0, 1, -1, 21.5, 255, 999, 1e9, 1_790_000_000, TIME, 999_999_999_999_999];

/**
 * Whether core reads numbers under these names, beside a `timestamp`, as metrics under the same names. A name of a time, one
 * that the rule adds to messages (`site`) or a format's own (`elapsed` beside `linkquality`) makes it false. It asks core
 * with examples, which is enough because formats know a payload by its names, by the types of its values and by its texts,
 * and a usual line has no text but its id.
 */
export function areMetrics(names: readonly string[]): boolean {
  return IDS.every((id) =>
    VALUES.every((_, first) => {
      const value = (n: number) => VALUES[(first + n) % VALUES.length]!;
      return isReadAsItStands(
        id,
        names.map((name, n) => [name, value(n)]),
      );
    }),
  );
}

function isReadAsItStands(id: string | undefined, values: readonly (readonly [string, number])[]): boolean {
  const payload = { ...Object.fromEntries(values), timestamp: TIME, ...(id !== undefined && { id }) };
  const { accepted, skipped, rounded } = parseMessage({ ...payload, ...CONTEXT }, LIMITS);
  const metrics = values.map(([name, value]) => ({ name, value: decimalOf(value)! }));
  const identity = identityText(id, { ms: TIME, own: true }, metrics, '');
  const { deviceId, site } = CONTEXT;
  const reading = { deviceId, site, timestamp: TIME, fingerprint: fingerprint(identity), metrics };
  // A unit that the format knows is in no window.
  const read = accepted.map(({ metrics: found, ...rest }) => ({
    ...rest,
    metrics: found.map(({ name, value }) => ({ name, value })),
  }));
  return skipped.length === 0 && rounded === 0 && isDeepStrictEqual(read, [reading]);
}
