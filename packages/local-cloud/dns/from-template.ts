// Reads the zones, records and health checks that a template declares, and refuses what Route 53 would refuse.

import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { zoneNameServers } from '../template/naming.ts';
import { checksFromTemplate } from './checks-from-template.ts';
import {
  apexRecords,
  type DnsModel,
  type HostedZone,
  type RecordSet,
  type Routing,
  type Target,
  type Zone,
} from './model.ts';
import { absolute, nameProblem } from './name.ts';
import { recordProblems } from './record-checks.ts';

type Scalar = string | number | boolean;
type Texts = Readonly<Partial<Record<string, Scalar>>>;

/** Properties of a record set, as the support table ensures. */
interface Properties {
  readonly Name: Scalar;
  readonly Type: Scalar;
  readonly TTL?: Scalar;
  readonly ResourceRecords?: readonly Scalar[];
  readonly AliasTarget?: Texts;
  readonly SetIdentifier?: Scalar;
  readonly Failover?: Scalar;
  readonly Weight?: Scalar;
  readonly Region?: Scalar;
  readonly MultiValueAnswer?: Scalar;
  readonly HealthCheckId?: Scalar;
  readonly HostedZoneId?: Scalar;
  readonly HostedZoneName?: Scalar;
}

/** Names by the IDs of zones that the template does not create. */
type ZoneNames = Readonly<Record<string, string>>;

/** Properties of one record set, and its name in messages. */
interface Declared {
  readonly id: string;
  readonly properties: Properties;
  /** The place of a property. */
  readonly at: (...path: readonly string[]) => string;
}

const textOf = (value: Scalar | undefined) => (value === undefined ? undefined : String(value));
const isTrue = (value: Scalar | undefined) => String(value) === 'true';

function zonesOf(template: ResolvedTemplate): Zone[] {
  const seen = new Map<string, ResolvedResource>();
  return readAll(template.ofType('AWS::Route53::HostedZone'), (resource) => {
    const { logicalId, name: id, properties } = resource;
    const name = absolute(String(properties['Name']));
    const problem = nameProblem(name);
    const refuse = (what: string): never => {
      throw new StartError(`${resource.at('Name')}: ${logicalId}: ${what}`);
    };
    if (problem) refuse(`Name ${JSON.stringify(properties['Name'])} is not a domain name: ${problem}`);
    const other = seen.get(name);
    if (other) refuse(`${name} is the zone ${other.logicalId} already: remove one of them`);
    seen.set(name, resource);
    return { id, name, comment: logicalId, nameServers: zoneNameServers(id) };
  });
}

/** Zones that are assumed to exist; they have only the records that the template adds. */
const existingZones = (names: ZoneNames): Zone[] =>
  Object.entries(names)
    .filter(([id]) => id !== '')
    .map(([id, name]) => ({ id, name: absolute(name), nameServers: zoneNameServers(id) }));

function declaredRecords(template: ResolvedTemplate): Declared[] {
  const single = template.ofType('AWS::Route53::RecordSet').map(({ logicalId: id, properties, at }) => ({
    ...{ id, at },
    properties: properties as unknown as Properties,
  }));
  const grouped = template.ofType('AWS::Route53::RecordSetGroup').flatMap((group) => {
    const { RecordSets, ...shared } = group.properties as unknown as Properties & {
      readonly RecordSets: readonly Properties[];
    };
    return RecordSets.map((set, index) => ({
      id: `${group.logicalId}.RecordSets[${index}]`,
      properties: { ...shared, ...set },
      at: (...path: readonly string[]) => group.at('RecordSets', index, ...path),
    }));
  });
  return [...single, ...grouped];
}

/** @throws StartError where the template has no such zone. */
function zoneFor({ id, properties, at }: Declared, zones: readonly Zone[]): Zone {
  const [zoneId, zoneName] = [textOf(properties.HostedZoneId), textOf(properties.HostedZoneName)];
  const found = zones.find(
    (zone) => zone.id === zoneId || (zoneName !== undefined && zone.name === absolute(zoneName)),
  );
  if (found) return found;
  const key = zoneId === undefined ? 'HostedZoneName' : 'HostedZoneId';
  const given = zoneId ?? zoneName;
  const known = zones.map(({ id, name, comment = id }) => `${comment} (${name})`).join(', ') || 'none';
  throw new StartError(
    given === undefined
      ? `${at()}: ${id}: HostedZoneId is missing: say in which zone the record is`
      : `${at(key)}: ${id}: ${key} is ${given}, but the template has no such hosted zone; it has ${known}`,
  );
}

const ROUTINGS = ['Failover', 'Weight', 'Region', 'MultiValueAnswer'] as const;

function routingOf({ id, properties, at }: Declared): Routing {
  const given = ROUTINGS.filter((key) => properties[key] !== undefined);
  if (given.length > 1)
    throw new StartError(
      `${at(given[1]!)}: ${id}: a record has one routing policy, not ${given.join(' and ')}: remove one`,
    );
  const [key] = given;
  if (key === undefined) return { policy: 'simple' };
  const text = String(properties[key]);
  const read: Readonly<Record<typeof key, () => Routing>> = {
    Failover: () => ({ policy: 'failover', role: text === 'PRIMARY' ? 'PRIMARY' : 'SECONDARY' }),
    Weight: () => ({ policy: 'weighted', weight: Number(text) }),
    Region: () => ({ policy: 'latency', region: text }),
    MultiValueAnswer: () => ({ policy: isTrue(text) ? 'multivalue' : 'simple' }),
  };
  return read[key]();
}

function targetOf({ id, properties, at }: Declared): Target {
  const { AliasTarget: alias, ResourceRecords: values, TTL: ttl } = properties;
  if (alias !== undefined) {
    const second = (['ResourceRecords', 'TTL'] as const).find((key) => properties[key] !== undefined);
    if (second !== undefined)
      throw new StartError(`${at(second)}: ${id}: an alias cannot have ${second}: remove it`);
    const { DNSName, HostedZoneId, EvaluateTargetHealth } = alias;
    const missing = ['DNSName', 'HostedZoneId'].find((key) => alias[key] === undefined);
    if (missing !== undefined)
      throw new StartError(`${at('AliasTarget')}: ${id}: AliasTarget.${missing} is missing`);
    return {
      ...{ kind: 'alias', name: absolute(String(DNSName)), zoneId: String(HostedZoneId) },
      evaluateTargetHealth: isTrue(EvaluateTargetHealth),
    };
  }
  if (values !== undefined && ttl === undefined)
    throw new StartError(
      `${at('ResourceRecords')}: ${id}: TTL is missing: say for how many seconds the values may be kept`,
    );
  return {
    kind: 'values',
    ttl: Number(ttl ?? 0),
    values: (values ?? []).map(String),
  };
}

function recordOf(declared: Declared, zones: readonly Zone[]): RecordSet {
  const { properties, at } = declared;
  const { id: zoneId } = zoneFor(declared, zones);
  const [setIdentifier, healthCheckId] = [textOf(properties.SetIdentifier), textOf(properties.HealthCheckId)];
  return {
    ...{ zoneId, name: absolute(String(properties['Name'])), type: String(properties['Type']) },
    ...(setIdentifier !== undefined && { setIdentifier }),
    ...{ routing: routingOf(declared), target: targetOf(declared) },
    ...(healthCheckId !== undefined && { healthCheckId }),
    at: at(),
  };
}

/**
 * `existing` has the zones that exist before the template.
 * @throws StartError with the template line of each zone, record and health check that Route 53 would refuse, and of what
 *   it accepts although it cannot be intended: weights that are all 0, a primary that never fails over.
 */
export function dnsFromTemplate(template: ResolvedTemplate, existing: ZoneNames = {}): DnsModel {
  const zones = [...zonesOf(template), ...existingZones(existing)];
  const declared = declaredRecords(template);
  const ids = new Map<RecordSet, string>();
  const [records, checks] = readAll<() => unknown, unknown>(
    [
      () =>
        readAll(declared, (each) => {
          const record = recordOf(each, zones);
          ids.set(record, each.id);
          return record;
        }),
      () => checksFromTemplate(template),
    ],
    (read) => read(),
  ) as [RecordSet[], DnsModel['checks']];
  const hosted = zones.map((zone): HostedZone => ({
    zone,
    records: [...apexRecords(zone), ...records.filter(({ zoneId }) => zoneId === zone.id)],
  }));
  const known = {
    zoneIds: new Set(zones.map(({ id }) => id)),
    checks: new Map(checks.map((check) => [check.id, check])),
  };
  const problems = hosted.flatMap((each) => recordProblems(each, known));
  if (problems.length > 0)
    throw new StartError(
      problems.map(({ record, reason, remedy }) => `${record.at}: ${ids.get(record)}: ${reason}: ${remedy}`),
    );
  return { zones: hosted, checks };
}
