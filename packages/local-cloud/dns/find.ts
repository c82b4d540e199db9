// Finds the records of a zone for a question: those of its name, of a wildcard, or of a delegation above it.

import { isWithin, labelsOf, parentOf } from './name.ts';
import type { HostedZone, RecordSet, Zone } from './model.ts';

export interface ZoneIndex {
  readonly zone: Zone;
  readonly byName: ReadonlyMap<string, readonly RecordSet[]>;
  /** Names that exist: those with records, and those above such names (RFC 4592, 2.2.2). */
  readonly nodes: ReadonlySet<string>;
}

export type Found =
  /** Empty where the name only has others below it. */
  | { readonly kind: 'records'; readonly records: readonly RecordSet[] }
  | { readonly kind: 'delegation'; readonly records: readonly RecordSet[] }
  | { readonly kind: 'absent' };

/** Names of `name` and above it, the nearest first, down to and without `zone`. */
function namesBelow(zone: string, name: string): string[] {
  const names: string[] = [];
  for (let current = name; current !== zone; current = parentOf(current)) names.push(current);
  return names;
}

export function indexZone({ zone, records }: HostedZone): ZoneIndex {
  const nodes = new Set([zone.name, ...records.flatMap(({ name }) => namesBelow(zone.name, name))]);
  return { zone, byName: Map.groupBy(records, ({ name }) => name), nodes };
}

/** The zone nearest to `name`. */
export function zoneOf(indexes: readonly ZoneIndex[], name: string): ZoneIndex | undefined {
  return indexes
    .filter(({ zone }) => isWithin(name, zone.name))
    .toSorted((a, b) => labelsOf(b.zone.name).length - labelsOf(a.zone.name).length)[0];
}

/** The records of the zone for an absolute name within it. A delegation hides the names at and below it (RFC 1034, 4.3.2). */
export function findRecords({ zone, byName, nodes }: ZoneIndex, name: string): Found {
  const path = namesBelow(zone.name, name);
  for (const above of path.toReversed()) {
    const servers = byName.get(above)?.filter(({ type }) => type === 'NS') ?? [];
    if (servers.length > 0) return { kind: 'delegation', records: servers };
  }
  if (nodes.has(name)) return { kind: 'records', records: byName.get(name) ?? [] };
  const encloser = path.map(parentOf).find((above) => nodes.has(above)) ?? zone.name;
  const wild = byName.get(`*.${encloser}`);
  return wild ? { kind: 'records', records: wild } : { kind: 'absent' };
}
