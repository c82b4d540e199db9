// Answers a DNS question as Route 53 does, through zones, wildcards, CNAMEs and trees of aliases, and records the way.

import { choose, type Considered, type Health } from './choose.ts';
import { findRecords, zoneOf, type ZoneIndex } from './find.ts';
import { absolute, isWithin } from './name.ts';
import type { Rcode, RecordSet } from './model.ts';
import { negativeTtl, type Resource } from './rdata.ts';

export interface Question {
  /** As it was spelt in the question; answers repeat the spelling. */
  readonly name: string;
  readonly type: string;
  /** Region that it comes from, for latency records. */
  readonly region: string;
}

/** What an answer depends on besides the records. */
export interface World {
  readonly zones: readonly ZoneIndex[];
  /** State of a health check, and the reason in words. */
  checkHealth(id: string): Health;
  /** Addresses of names outside the zones, such as an AWS service that this machine replaces; undefined if unknown. */
  addressesOf(name: string): readonly string[] | undefined;
  random(): number;
}

/** A group of records on the way to the answer, and the verdict on each. */
export interface Visit {
  readonly name: string;
  readonly type: string;
  readonly considered: readonly Considered[];
}

export interface Outcome {
  readonly rcode: Rcode;
  /** False for a delegation, whose servers have the answer. */
  readonly isAuthoritative: boolean;
  readonly answers: readonly Resource[];
  readonly authorities: readonly Resource[];
  readonly visits: readonly Visit[];
  /** Whether it depends on where the question comes from. */
  readonly isByRegion: boolean;
  /** Why there is no complete answer; undefined where that is plain. */
  readonly note?: string;
}

/** Time to live of an alias to an AWS service: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias-common.html */
const SERVICE_TTL = 60;
/** Links of CNAMEs, or levels of aliases, after which an answer ends. */
const DEEPEST = 16;

interface Walk {
  readonly question: Question;
  readonly world: World;
  readonly index: ZoneIndex;
  readonly visits: Visit[];
  readonly answers: Resource[];
  note?: string;
}

const groupOf = (index: ZoneIndex, name: string, type: string): readonly RecordSet[] => {
  const found = findRecords(index, name);
  return found.kind === 'absent' ? [] : found.records.filter((record) => record.type === type);
};

/** https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-complex-configs.html */
export function healthOf(record: RecordSet, world: World, index: ZoneIndex, depth = 0): Health {
  const { healthCheckId, target } = record;
  const own = healthCheckId === undefined ? undefined : world.checkHealth(healthCheckId);
  if (own && !own.isHealthy) return own;
  if (target.kind === 'values' || !target.evaluateTargetHealth)
    return own ?? { isHealthy: true, why: 'no health check, so it counts as healthy' };
  if (target.zoneId !== index.zone.id)
    return own ?? { isHealthy: true, why: `${target.name} is an AWS service, which counts as healthy here` };
  const group = groupOf(index, target.name, record.type);
  const healthy = group.filter(
    (each) => depth < DEEPEST && healthOf(each, world, index, depth + 1).isHealthy,
  );
  return {
    isHealthy: healthy.length > 0,
    why: `${healthy.length} of ${group.length} records behind the alias ${target.name} are healthy`,
  };
}

/** The values of the records that the group's policy chooses, through all aliases; undefined where they are not known here. */
function valuesOf(
  walk: Walk,
  name: string,
  group: readonly RecordSet[],
  depth: number,
): { readonly ttl: number; readonly value: string }[] | undefined {
  const { world, index, question } = walk;
  const considered = choose(group, {
    healthOf: (record) => healthOf(record, world, index),
    region: question.region,
    random: () => world.random(),
  });
  const { type } = group[0]!;
  walk.visits.push({ name, type, considered });
  const found: { ttl: number; value: string }[] = [];
  for (const { record, isChosen } of considered) {
    if (!isChosen) continue;
    const { target } = record;
    const values =
      target.kind === 'values'
        ? target.values.map((value) => ({ ttl: target.ttl, value }))
        : valuesBehind(walk, target, type, depth);
    if (!values) return undefined;
    found.push(...values);
  }
  return found;
}

function valuesBehind(
  walk: Walk,
  target: Extract<RecordSet['target'], { kind: 'alias' }>,
  type: string,
  depth: number,
) {
  const { world, index } = walk;
  if (target.zoneId === index.zone.id) {
    const group = groupOf(index, target.name, type);
    if (group.length > 0 && depth < DEEPEST) return valuesOf(walk, target.name, group, depth + 1);
    walk.note = `the alias ${target.name} leads to no record of type ${type}`;
    return undefined;
  }
  const addresses = world.addressesOf(target.name);
  if (addresses)
    return addresses
      .filter((address) => address.includes(':') === (type === 'AAAA'))
      .map((value) => ({ ttl: SERVICE_TTL, value }));
  walk.note = `only AWS knows the addresses of ${target.name}: say with --at where it is on this machine`;
  return undefined;
}

function soaOf({ byName, zone }: ZoneIndex): Resource[] {
  const soa = byName.get(zone.name)?.find(({ type }) => type === 'SOA')?.target;
  if (soa?.kind !== 'values') return [];
  const [value = ''] = soa.values;
  return [{ name: zone.name, type: 'SOA', ttl: negativeTtl(soa.ttl, value), value }];
}

const isByRegion = ({ visits }: Walk) =>
  visits.some(({ considered }) => considered.some(({ record }) => record.routing.policy === 'latency'));

function ended(walk: Walk, rcode: Rcode, rest: Partial<Outcome> = {}): Outcome {
  const { answers, visits, note } = walk;
  return {
    ...{ rcode, isAuthoritative: true, answers, authorities: [], visits, note },
    isByRegion: isByRegion(walk),
    ...rest,
  };
}

/** Follows one name; a CNAME leads to the next within the zone. */
function follow(walk: Walk, owner: string, links: number): Outcome {
  const { index, question, answers } = walk;
  const nothing = { authorities: soaOf(index) };
  const name = absolute(owner);
  const found = findRecords(index, name);
  if (found.kind === 'absent') return ended(walk, 'NXDOMAIN', nothing);
  if (found.kind === 'delegation' && !(question.type === 'DS' && found.records[0]!.name === name))
    return delegated(walk, found.records);
  // One of the types is enough (RFC 8482, 4.1).
  if (question.type === 'ANY' && found.records[0])
    return follow({ ...walk, question: { ...question, type: found.records[0].type } }, owner, links);
  const group = found.records.filter(({ type }) => type === question.type);
  const renamed = found.records.filter(({ type }) => type === 'CNAME');
  if (group.length === 0 && renamed.length > 0) {
    const [link] = valuesOf(walk, name, renamed, 0) ?? [];
    if (!link) return ended(walk, 'SERVFAIL', { answers: [] });
    answers.push({ name: owner, type: 'CNAME', ...link });
    const target = absolute(link.value);
    if (isWithin(target, index.zone.name))
      return links < DEEPEST
        ? follow(walk, target, links + 1)
        : ended({ ...walk, note: 'the CNAMEs lead in a circle' }, 'SERVFAIL', { answers: [] });
    answers.push(...outside(walk, target));
    return ended(walk, 'NOERROR');
  }
  if (group.length === 0) return ended(walk, 'NOERROR', nothing);
  const values = valuesOf(walk, name, group, 0);
  if (!values) return ended(walk, 'SERVFAIL', { answers: [] });
  answers.push(...values.map((value) => ({ name: owner, type: question.type, ...value })));
  return values.length > 0 ? ended(walk, 'NOERROR') : ended(walk, 'NOERROR', nothing);
}

function delegated(walk: Walk, records: readonly RecordSet[]): Outcome {
  const [{ name, target }] = records as [RecordSet];
  const servers = target.kind === 'values' ? target : { ttl: 0, values: [] };
  return ended(walk, 'NOERROR', {
    isAuthoritative: walk.answers.length > 0,
    authorities: servers.values.map((value) => ({ name, type: 'NS', ttl: servers.ttl, value })),
    note: `${name} is delegated to ${servers.values.join(', ')}`,
  });
}

/** Addresses of a name outside the zones, under the spelling `owner`. */
function outside({ world, question: { type } }: Pick<Walk, 'world' | 'question'>, owner: string): Resource[] {
  if (type !== 'A' && type !== 'AAAA') return [];
  return (world.addressesOf(absolute(owner)) ?? [])
    .filter((address) => address.includes(':') === (type === 'AAAA'))
    .map((value) => ({ name: owner, type, ttl: SERVICE_TTL, value }));
}

/** Never throws: an answer without data has a code, and a note with the reason. */
export function answer(question: Question, world: World): Outcome {
  const name = absolute(question.name);
  const index = zoneOf(world.zones, name);
  if (index) return follow({ question, world, index, visits: [], answers: [] }, question.name, 0);
  const empty = { visits: [], authorities: [], isByRegion: false };
  if (world.addressesOf(name))
    return {
      ...empty,
      rcode: 'NOERROR',
      isAuthoritative: true,
      answers: outside({ world, question }, question.name),
    };
  return {
    ...{ ...empty, rcode: 'REFUSED', isAuthoritative: false, answers: [] },
    note: `no hosted zone has ${name}: the zones are ${world.zones.map(({ zone }) => zone.name).join(', ') || 'none'}`,
  };
}
