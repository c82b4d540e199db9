// Payloads of no known format may report units beside their numbers, in one of a few ways.

import { isObject, isText, type Json, type Leaf } from './draft.ts';
import { unitOf } from '../unit.ts';

const UNIT_MEMBERS: ReadonlySet<string> = new Set(['unit', 'units', 'uom', 'unit_of_measurement']);
const TEMPERATURE_MEMBERS = [
  ...['temperature_unit', 'temp_unit', 'temperatureUnit', 'tempUnit'],
  ...['temperature_units', 'temp_units', 'temperatureUnits', 'tempUnits'],
  ...['temperature_scale', 'temp_scale', 'temperatureScale', 'scale'],
];
const TEMPERATURE_UNITS = new Set(['°C', '°F', 'K']);
const VALUE = /^(?:value|val|v|reading|measurement)$/i;

/**
 * The leaves with the units that the object reports: `units` as an object by name; `unit` beside a `value`, or, if it is a
 * unit of temperature, beside a temperature; `temperature_unit` beside a temperature.
 */
export function withReportedUnits(leaves: readonly Leaf[], value: Json): readonly Leaf[] {
  const hasUnitMembers = leaves.some(
    ({ name }) => UNIT_MEMBERS.has(name.at(-1)!) || UNIT_MEMBERS.has(name.at(-2)!),
  );
  const reported = reportedBy(value);
  // Most messages report no units.
  if (!hasUnitMembers && reported.length === 0) return leaves;
  const nested = nestedUnits(leaves);
  return leaves.map((leaf) => {
    const own = nested.get(parentOf(leaf)) ?? (leaf.name.length === 1 ? reported : []);
    const unit = named(value, leaf) ?? own.find(({ fits }) => fits(leaf.name.at(-1) ?? ''))?.unit;
    return unit === undefined ? leaf : { ...leaf, unit };
  });
}

interface ReportedUnit {
  readonly unit: string;
  readonly fits: (name: string) => boolean;
}

const isTemperature = (name: string) => /temp/i.test(name);
const parentOf = ({ name }: Leaf) => name.slice(0, -1).join('/');

function reportedBy(value: Json): ReportedUnit[] {
  const reported: ReportedUnit[] = [];
  for (const member of UNIT_MEMBERS) reported.push(...reportedIn(value[member]));
  for (const member of TEMPERATURE_MEMBERS) {
    const unit = isText(value[member]) ? unitOf(value[member]) : undefined;
    if (unit !== undefined && TEMPERATURE_UNITS.has(unit)) reported.push({ unit, fits: isTemperature });
  }
  return reported;
}

function reportedIn(text: unknown): ReportedUnit[] {
  const unit = isText(text) ? unitOf(text) : undefined;
  if (unit === undefined) return [];
  const fits = TEMPERATURE_UNITS.has(unit)
    ? (name: string) => isTemperature(name) || VALUE.test(name)
    : (name: string) => VALUE.test(name);
  return [{ unit, fits }];
}

/** By the path of the object that contains them. */
function nestedUnits(leaves: readonly Leaf[]): ReadonlyMap<string, readonly ReportedUnit[]> {
  const found = new Map<string, readonly ReportedUnit[]>();
  for (const leaf of leaves) {
    if (leaf.name.length < 2 || !UNIT_MEMBERS.has(leaf.name.at(-1)!)) continue;
    found.set(parentOf(leaf), reportedIn(leaf.value));
  }
  return found;
}

/** The unit in `units: { temperature: '°C' }`. */
function named(value: Json, { name }: Leaf): string | undefined {
  for (const member of UNIT_MEMBERS) {
    const units = value[member];
    if (name.length !== 1 || !isObject(units) || !Object.hasOwn(units, name[0]!)) continue;
    const unit = units[name[0]!];
    if (isText(unit)) return unit;
  }
  return undefined;
}
