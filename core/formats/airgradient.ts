// AirGradient: a monitor with one or two particle sensors, and the satellites that report to it.

import { childBeside, macOf } from './child.ts';
import { isObject, leavesOf, type Draft, type Format, type Json, type Leaf, type Path } from './draft.ts';
import { withUnits } from './units.ts';

const BOOKKEEPING = new Set(['serialno', 'boot', 'bootCount', 'firmware', 'model', 'ledMode', 'satellites']);
const UNITS: Readonly<Record<string, string>> = {
  rco2: 'ppm',
  wifi: 'dBm',
  pm01: 'ug/m3',
  pm02: 'ug/m3',
  pm02Compensated: 'ug/m3',
  pm10: 'ug/m3',
  atmp: 'Cel',
  atmpCompensated: 'Cel',
  rhum: '%RH',
  rhumCompensated: '%RH',
  pm003Count: '/dL',
};
/** Values that mean "no reading", for temperatures and for all others. */
const NO_TEMPERATURE = -1000;
const NO_VALUE = -1;

/**
 * Recognised by `serialno` and `wifi` with a measurement of the monitor. `pm02` is PM2.5. A monitor with two particle
 * sensors lists them in `channels`; a satellite is a child, named by its address.
 * @see https://github.com/airgradienthq/arduino/blob/master/docs/local-server.md
 */
export const airGradient: Format = {
  name: 'airgradient',
  read: (payload, { levels }) => {
    if (!isObject(payload) || typeof payload['serialno'] !== 'string' || typeof payload['wifi'] !== 'number')
      return undefined;
    if (!['atmp', 'rco2', 'pm02'].some((name) => Object.hasOwn(payload, name))) return undefined;
    const { satellites } = payload;
    const children = isObject(satellites) ? Object.keys(satellites) : [];
    return [
      { times: [], values: valuesOf(payload, []) },
      ...children.flatMap((name) => satelliteDraft(name, (satellites as Json)[name], levels)),
    ];
  },
};

function satelliteDraft(name: string, satellite: unknown, levels: readonly string[]): Draft[] {
  if (!isObject(satellite)) return [];
  const at = ['satellites', name];
  return [
    { at, child: childBeside(levels, macOf(name) ?? name), times: [], values: valuesOf(satellite, at) },
  ];
}

function valuesOf(part: Json, path: Path): Leaf[] {
  const leaves = leavesOf(part, path, [], (name, depth) => depth === 0 && BOOKKEEPING.has(name));
  return withUnits(leaves, UNITS).map((leaf) => (isMissing(leaf) ? { ...leaf, value: null } : leaf));
}

function isMissing({ name, value }: Leaf): boolean {
  const last = name.at(-1)!;
  if (last.startsWith('atmp')) return value === NO_TEMPERATURE;
  return value === NO_VALUE && /^(?:pm\d|rco2|rhum|tvoc|nox)/.test(last);
}
