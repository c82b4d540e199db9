// Checks the records of a zone as Route 53 does before it accepts them, with its own words where they are known.

import { isWithin, nameProblem } from './name.ts';
import { keyOf, type HealthCheck, type HostedZone, type RecordSet, type Zone } from './model.ts';
import { isRecordType, recordTypes, ttlProblem, valueProblem } from './rdata.ts';
import { isRegion, regions } from './regions.ts';

export interface RecordProblem {
  readonly record: RecordSet;
  /** The reason in the API's answer. */
  readonly reason: string;
  readonly remedy: string;
  /** AWS accepts it although it cannot be intended: refused in a template only. */
  readonly isPermitted?: true;
}

interface Surroundings {
  readonly zone: Zone;
  /** Ids of all zones. */
  readonly zoneIds: ReadonlySet<string>;
  readonly checks: ReadonlyMap<string, HealthCheck>;
  readonly records: readonly RecordSet[];
}

type Found = readonly [reason: string, remedy: string, isPermitted?: true];
type Check = (record: RecordSet, surroundings: Surroundings) => Found | undefined;

const shown = ({ name, type }: RecordSet) => `type ${type} with DNS name ${name}`;

const named: Check = (record, { zone }) => {
  const { name } = record;
  const problem = nameProblem(name);
  if (problem) return [`${JSON.stringify(name)} is not a domain name: ${problem}`, 'write another name'];
  if (!isWithin(name, zone.name))
    return [
      `RRSet with DNS name ${name} is not permitted in zone ${zone.name}`,
      `write a name that ends in ${zone.name}`,
    ];
  if (record.type === 'CNAME' && name === zone.name)
    return [
      `RRSet of ${shown(record)} is not permitted at apex in zone ${zone.name}`,
      'use an alias record of type A there, or a name below it',
    ];
  return undefined;
};

const valued: Check = ({ type, target }) => {
  if (!isRecordType(type))
    return [`the local cloud has no records of type ${type}`, `use ${recordTypes.join(', ')}`];
  if (target.kind === 'alias')
    return type === 'NS' || type === 'SOA'
      ? [`a record of type ${type} cannot be an alias`, 'give it values']
      : undefined;
  const problem =
    ttlProblem(target.ttl) ?? target.values.map((value) => valueProblem(type, value)).find(Boolean);
  if (problem) return [problem, 'correct the value'];
  if (target.values.length === 0) return ['there is no value', 'give ResourceRecords or an AliasTarget'];
  if (type === 'CNAME' && target.values.length > 1)
    return ['a CNAME has one value', 'choose between several with a weighted routing'];
  return new Set(target.values).size < target.values.length
    ? ['Duplicate Resource Record', 'remove one of the equal values']
    : undefined;
};

const routed: Check = (record) => {
  const { routing, setIdentifier, target, type } = record;
  if (routing.policy === 'simple')
    return setIdentifier === undefined
      ? undefined
      : [
          'SetIdentifier is given for a record without a routing policy',
          'add Failover, Weight, Region or MultiValueAnswer, or remove SetIdentifier',
        ];
  if (!setIdentifier)
    return [`a ${routing.policy} record needs a SetIdentifier`, 'give each record of the group its own'];
  if (routing.policy === 'latency' && !isRegion(routing.region))
    return [`${routing.region} is not a region`, `use one of ${regions.join(', ')}`];
  if (routing.policy === 'multivalue' && (target.kind === 'alias' || type === 'CNAME' || type === 'NS'))
    return ['a multivalue answer has values, and is neither CNAME, NS nor alias', 'use another routing'];
  return undefined;
};

/** An alias to a name of this zone needs a record of its type there. */
const led: Check = (record, { zone, zoneIds, records }) => {
  const { target, type } = record;
  if (target.kind === 'values') return undefined;
  if (target.zoneId !== zone.id)
    return zoneIds.has(target.zoneId)
      ? [
          `the alias target ${target.name} is in another hosted zone`,
          `an alias leads into its own zone ${zone.name}, or to an AWS service`,
        ]
      : undefined;
  const tried = `Tried to create an alias that targets ${target.name}, type ${type} in zone ${zone.id}`;
  if (!isWithin(target.name, zone.name))
    return [
      `${tried}, but the alias target name does not lie within the target zone`,
      'check DNSName and HostedZoneId',
    ];
  const isThere = records.some((other) => other.name === target.name && other.type === type);
  if (!isThere)
    return [`${tried}, but that target was not found`, `declare a record ${target.name} of type ${type}`];
  return isCircle(record, records, new Set())
    ? [`the alias ${record.name} leads back to itself`, 'let it lead to a record with values']
    : undefined;
};

function isCircle(record: RecordSet, records: readonly RecordSet[], seen: ReadonlySet<string>): boolean {
  const { target, zoneId, type } = record;
  const key = keyOf(record);
  if (seen.has(key)) return true;
  if (target.kind === 'values' || target.zoneId !== zoneId) return false;
  const behind = records.filter((other) => other.name === target.name && other.type === type);
  return behind.some((other) => isCircle(other, records, new Set([...seen, key])));
}

const watched: Check = ({ healthCheckId, routing, target }, { checks }) => {
  if (healthCheckId !== undefined && !checks.has(healthCheckId)) {
    const known = [...checks.values()].map(({ label }) => label).join(', ') || 'none';
    return [
      `No health check exists with id: ${healthCheckId}`,
      `refer to a health check of the template; it has ${known}`,
    ];
  }
  if (routing.policy !== 'failover' || routing.role !== 'PRIMARY' || healthCheckId !== undefined)
    return undefined;
  if (target.kind === 'values')
    return [
      'A non-alias primary ResourceRecordSet must have an associated health check',
      'give it a HealthCheckId',
    ];
  return target.evaluateTargetHealth
    ? undefined
    : [
        'the primary has no health check, so the secondary would never answer',
        'give it a HealthCheckId or EvaluateTargetHealth',
        true,
      ];
};

/** The other records of the same name. */
const together: Check = (record, { records, zone }) => {
  const { name, type } = record;
  const others = records.filter((other) => other !== record && other.name === name);
  const earlier = records.slice(0, records.indexOf(record)).filter((other) => other.name === name);
  if (earlier.some((other) => keyOf(other) === keyOf(record))) {
    const made =
      name === zone.name && (type === 'NS' || type === 'SOA') ? ', as Route 53 makes it with the zone' : '';
    const set = record.setIdentifier === undefined ? '' : `, set-identifier='${record.setIdentifier}'`;
    return [
      `Tried to create resource record set [name='${name}', type='${type}'${set}] but it already exists${made}`,
      'remove one of them, or give each a SetIdentifier and a routing policy',
    ];
  }
  if (type === 'CNAME' && others.some((other) => other.type !== 'CNAME'))
    return [
      `RRSet of ${shown(record)} is not permitted as it conflicts with other records with the same DNS name in zone ${zone.name}`,
      'a name with a CNAME has no other records: remove them, or use an alias',
    ];
  return grouped(
    record,
    [record, ...others].filter((other) => other.type === type),
    earlier,
  );
};

function grouped(
  record: RecordSet,
  group: readonly RecordSet[],
  earlier: readonly RecordSet[],
): Found | undefined {
  const { routing, name, type } = record;
  const policies = [...new Set(group.map((other) => other.routing.policy))];
  if (policies.length > 1)
    return [
      `RRSet with DNS name ${name}, type ${type} mixes the routing policies ${policies.toSorted().join(' and ')}`,
      'give all records of the group the same',
    ];
  const isSame = (other: RecordSet) =>
    JSON.stringify(other.routing) === JSON.stringify(routing) && other.type === type;
  if ((routing.policy === 'failover' || routing.policy === 'latency') && earlier.some(isSame)) {
    const what = routing.policy === 'failover' ? routing.role : `region ${routing.region}`;
    return [`RRSet with DNS name ${name}, type ${type} has ${what} already`, 'a group has each of them once'];
  }
  const weightOf = ({ routing: each }: RecordSet) => (each.policy === 'weighted' ? each.weight : 1);
  return group.every((other) => weightOf(other) === 0)
    ? [`all weights of ${name} are 0`, 'give one of them a weight from 1 to 255', true]
    : undefined;
}

const CHECKS: readonly Check[] = [named, valued, routed, watched, led, together];

/** The first problem of each record of a zone, given all of them. */
export function recordProblems(
  { zone, records }: HostedZone,
  known: { readonly zoneIds: ReadonlySet<string>; readonly checks: ReadonlyMap<string, HealthCheck> },
): RecordProblem[] {
  return records.flatMap((record): RecordProblem[] => {
    for (const check of CHECKS) {
      const found = check(record, { ...known, zone, records });
      if (!found) continue;
      const [reason, remedy, isPermitted] = found;
      return [{ record, reason, remedy, ...(isPermitted && { isPermitted }) }];
    }
    return [];
  });
}
