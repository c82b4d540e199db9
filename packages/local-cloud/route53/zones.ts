// Operations on hosted zones and their records.

import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { readBody } from '../aws/body.ts';
import { childrenOf, parseXml, textOf } from '../aws/xml.ts';
import { AwsError } from '../aws-error.ts';
import type { RecordChange } from '../dns/live.ts';
import { absolute, labelsOf } from '../dns/name.ts';
import type { RecordSet } from '../dns/model.ts';
import { isRecordType, recordTypes } from '../dns/rdata.ts';
import { answerXml, limitOf, pageOf, zoneOf, type Call } from './call.ts';
import { readRecord, recordXml, zoneXml } from './xml.ts';

/** https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html */
const MOST_CHANGES = 1_000;
const LARGEST_BODY = 1_048_576;
const INVALID = 'InvalidInput';

export function listHostedZones(call: Call): void {
  const { page, limit, next } = pageOf(call, call.live.zones(), ({ zone }) => zone.id);
  answerXml(call, 'ListHostedZonesResponse', {
    HostedZones: { HostedZone: page.map(zoneXml) },
    Marker: call.query.get('marker') ?? undefined,
    ...{ IsTruncated: next !== undefined, NextMarker: next, MaxItems: limit },
  });
}

/** In the order of the labels from the right, as Route 53 sorts names. */
const sortKey = (name: string) => labelsOf(name).toReversed().join('.');
const byName = (a: string, b: string) => (sortKey(a) < sortKey(b) ? -1 : Number(a !== b));

export function listHostedZonesByName(call: Call): void {
  const asked = call.query.get('dnsname');
  const from = asked === null ? '' : sortKey(absolute(asked));
  const limit = limitOf(call);
  const sorted = call.live.zones().toSorted((a, b) => byName(a.zone.name, b.zone.name));
  const rest = sorted.filter(({ zone }) => sortKey(zone.name) >= from);
  const next = rest[limit]?.zone;
  answerXml(call, 'ListHostedZonesByNameResponse', {
    HostedZones: { HostedZone: rest.slice(0, limit).map(zoneXml) },
    DNSName: asked ?? undefined,
    ...{
      IsTruncated: next !== undefined,
      NextDNSName: next?.name,
      NextHostedZoneId: next?.id,
      MaxItems: limit,
    },
  });
}

export function getHostedZoneCount(call: Call): void {
  answerXml(call, 'GetHostedZoneCountResponse', { HostedZoneCount: call.live.zones().length });
}

export function getHostedZone(call: Call): void {
  const hosted = zoneOf(call);
  answerXml(call, 'GetHostedZoneResponse', {
    HostedZone: zoneXml(hosted),
    DelegationSet: { NameServers: { NameServer: hosted.zone.nameServers } },
  });
}

/** Where a record is in a list. */
const placeOf = ({ name, type, setIdentifier = '' }: Pick<RecordSet, 'name' | 'type' | 'setIdentifier'>) =>
  [sortKey(name), type, setIdentifier].join('\n');

export function listResourceRecordSets(call: Call): void {
  const { query } = call;
  const limit = limitOf(call);
  const [name, type, setIdentifier] = ['name', 'type', 'identifier'].map((key) => query.get(key) ?? '');
  const from = name === '' ? '' : placeOf({ name: absolute(name!), type: type!, setIdentifier });
  const sorted = zoneOf(call).records.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  const rest = sorted.filter((record) => placeOf(record) >= from);
  const next = rest[limit];
  answerXml(call, 'ListResourceRecordSetsResponse', {
    ResourceRecordSets: { ResourceRecordSet: rest.slice(0, limit).map(recordXml) },
    IsTruncated: next !== undefined,
    ...{ NextRecordName: next?.name, NextRecordType: next?.type, NextRecordIdentifier: next?.setIdentifier },
    MaxItems: limit,
  });
}

const ACTIONS = ['CREATE', 'UPSERT', 'DELETE'] as const;

function readChanges(body: string, zoneId: string): RecordChange[] {
  const root = parseXml(body);
  const [batch] = childrenOf(root, 'ChangeBatch');
  const [list] = batch ? childrenOf(batch, 'Changes') : [];
  const changes = list ? childrenOf(list, 'Change') : [];
  if (changes.length === 0 || changes.length > MOST_CHANGES)
    throw new AwsError(INVALID, `A ChangeBatch has from 1 to ${MOST_CHANGES} changes`);
  return changes.map((node) => {
    const action = ACTIONS.find((each) => each === textOf(node, 'Action'));
    const [record] = childrenOf(node, 'ResourceRecordSet');
    if (!action || !record)
      throw new AwsError(
        INVALID,
        'A Change needs a ResourceRecordSet and the Action CREATE, UPSERT or DELETE',
      );
    return { action, record: readRecord(record, zoneId) };
  });
}

/** A change is complete when it is answered; the id is for clients that check that. */
const changeXml = (id: string, at: number) => ({
  ChangeInfo: { Id: `/change/${id}`, Status: 'INSYNC', SubmittedAt: new Date(at).toISOString() },
});

/** Of this run. */
const changed = new Map<string, number>();
const CHANGES_KEPT = 1_000;

export async function changeResourceRecordSets(call: Call): Promise<void> {
  const { zone } = zoneOf(call);
  const body = await readBody(call.req, LARGEST_BODY);
  await call.live.change(zone.id, readChanges(body.toString('utf8'), zone.id));
  const id = `C${randomBytes(10).toString('hex').toUpperCase()}`;
  const [oldest] = changed.keys();
  if (changed.size >= CHANGES_KEPT && oldest !== undefined) changed.delete(oldest);
  changed.set(id, call.clock.now());
  answerXml(call, 'ChangeResourceRecordSetsResponse', changeXml(id, call.clock.now()));
}

export function getChange(call: Call): void {
  const at = changed.get(call.id);
  if (at === undefined)
    throw new AwsError('NoSuchChange', `Could not find resource with ID: ${call.id}`, 404);
  answerXml(call, 'GetChangeResponse', changeXml(call.id, at));
}

const PLAIN_RESOLVER = '127.0.0.1';

/** `dns answer` shows more: the way through the records. */
export function testDnsAnswer(call: Call): void {
  const { query, ask } = call;
  const { zone } = zoneOf(call, query.get('hostedzoneid') ?? '');
  const [name, type] = [query.get('recordname') ?? '', (query.get('recordtype') ?? '').toUpperCase()];
  if (name === '') throw new AwsError(INVALID, 'recordname is missing');
  if (!isRecordType(type)) throw new AwsError(INVALID, `recordtype is one of ${recordTypes.join(', ')}`);
  const address = query.get('edns0clientsubnetip') ?? query.get('resolverip') ?? PLAIN_RESOLVER;
  if (isIP(address) === 0) throw new AwsError(INVALID, `${address} is not an IP address`);
  const { rcode, answers } = ask({ name: absolute(name), type, address });
  answerXml(call, 'TestDNSAnswerResponse', {
    Nameserver: zone.nameServers[0],
    RecordName: name,
    RecordType: type,
    RecordData: { RecordDataEntry: answers.map(({ value }) => value) },
    ResponseCode: rcode,
    Protocol: 'UDP',
  });
}
