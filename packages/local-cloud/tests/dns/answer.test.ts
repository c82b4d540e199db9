// Names in a zone: existing and missing ones, wildcards, CNAMEs, delegations, and names outside.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { explainDistribution, explainOutcome } from '../../dns/explain.ts';
import { answer } from '../../dns/answer.ts';
import { dnsFromTemplate } from '../../dns/from-template.ts';
import { withTemplate } from '../template/fixture.ts';
import { ask, shortly, worldOf, zoneOf, zoneTemplate } from './fixture.ts';

const model = zoneOf([
  'Name: www.example.com, Type: A, TTL: 60, ResourceRecords: [192.0.2.1]',
  'Name: a.deep.example.com, Type: TXT, TTL: 60, ResourceRecords: [\'"x" "y\\"z"\']',
  'Name: "*.example.com", Type: A, TTL: 60, ResourceRecords: [192.0.2.9]',
  'Name: "*.deep.example.com", Type: A, TTL: 60, ResourceRecords: [192.0.2.8]',
  'Name: iot.example.com, Type: CNAME, TTL: 60, ResourceRecords: [a1.iot.amazonaws.com]',
  'Name: alias.example.com, Type: CNAME, TTL: 60, ResourceRecords: [WWW.example.com]',
  'Name: dead.example.com, Type: CNAME, TTL: 60, ResourceRecords: [x.y.sub.example.com]',
  'Name: loop.example.com, Type: CNAME, TTL: 60, ResourceRecords: [loop.example.com]',
  'Name: sub.example.com, Type: NS, TTL: 300, ResourceRecords: [ns.sub.example.com, ns.example.org]',
  'Name: example.com, Type: MX, TTL: 60, ResourceRecords: [10 mail.example.com]',
  'Name: lb.example.com, Type: A, AliasTarget: { DNSName: lb.amazonaws.com, HostedZoneId: Z35SXDOTRQ7X7K }',
  'Name: lb.example.com, Type: AAAA, AliasTarget: { DNSName: lb.amazonaws.com, HostedZoneId: Z35SXDOTRQ7X7K }',
]);
const addresses = { 'lb.amazonaws.com.': ['192.0.2.7'], 'a1.iot.amazonaws.com.': ['192.0.2.6'] };

const cases: readonly (readonly [fact: string, name: string, type: string, answer: string])[] = [
  ['a name in other letters is the same', 'WwW.Example.COM.', 'A', 'NOERROR 192.0.2.1'],
  ['a name without records of the type has no data', 'www.example.com', 'AAAA', 'NOERROR'],
  ['a name that only lies above others is there', 'deep.example.com', 'A', 'NOERROR'],
  ['a name in no zone is refused', 'example.org', 'A', 'REFUSED'],
  ['a wildcard has names that are not there', 'x.example.com', 'A', 'NOERROR 192.0.2.9'],
  ['a wildcard has names of several labels', 'x.y.example.com', 'A', 'NOERROR 192.0.2.9'],
  ['a wildcard has no type that it lacks', 'x.example.com', 'MX', 'NOERROR'],
  ['a wildcard does not reach below a name that is there', 'x.www.example.com', 'A', 'NXDOMAIN'],
  ['the nearest wildcard has it', 'b.deep.example.com', 'A', 'NOERROR 192.0.2.8'],
  ['a wildcard has nothing of a name that is there', 'a.deep.example.com', 'A', 'NOERROR'],
  ['a CNAME to the outside stands alone', 'iot.example.com', 'TXT', 'NOERROR a1.iot.amazonaws.com'],
  [
    'a CNAME is followed to the names that are known here',
    'iot.example.com',
    'A',
    'NOERROR a1.iot.amazonaws.com 192.0.2.6',
  ],
  ['a CNAME is asked for itself', 'alias.example.com', 'CNAME', 'NOERROR WWW.example.com'],
  ['a CNAME is followed in its zone', 'alias.example.com', 'A', 'NOERROR WWW.example.com 192.0.2.1'],
  ['CNAMEs in a circle fail', 'loop.example.com', 'A', 'SERVFAIL'],
  ['an alias has the addresses of its target', 'lb.example.com', 'A', 'NOERROR 192.0.2.7'],
  ['an alias of the other family has none', 'lb.example.com', 'AAAA', 'NOERROR'],
  ['a name of the outside that is on this machine answers', 'lb.amazonaws.com', 'A', 'NOERROR 192.0.2.7'],
];

test.each(cases)('%s', (_, name, type, expected) => {
  assert.equal(shortly(ask(model, name, type, { addresses })), expected);
});

test('a name in no zone gets the list of zones', () => {
  assert.equal(ask(model, 'example.org').note, 'no hosted zone has example.org.: the zones are example.com.');
});

test('an alias whose addresses only AWS knows fails, and says so', () => {
  const { rcode, note } = ask(model, 'lb.example.com');
  assert.deepEqual(
    [rcode, note],
    [
      'SERVFAIL',
      'only AWS knows the addresses of lb.amazonaws.com.: say with --at where it is on this machine',
    ],
  );
});

test('a delegation names its servers without authority, below it too', () => {
  for (const name of ['sub.example.com', 'x.y.sub.example.com']) {
    const { isAuthoritative, answers, authorities } = ask(model, name);
    assert.deepEqual([isAuthoritative, answers.length], [false, 0]);
    assert.deepEqual(
      authorities.map(({ name: owner, value }) => `${owner} ${value}`),
      ['sub.example.com. ns.sub.example.com', 'sub.example.com. ns.example.org'],
    );
  }
  assert.equal(shortly(ask(model, 'dead.example.com')), 'NOERROR x.y.sub.example.com');
});

test('a missing name may be cached for the 900 s of the SOA record', () => {
  for (const name of ['x.www.example.com', 'deep.example.com']) {
    const [soa] = ask(model, name).authorities;
    assert.deepEqual([soa!.name, soa!.type, soa!.ttl], ['example.com.', 'SOA', 900]);
  }
});

test('the zone has its SOA and four name servers', () => {
  assert.equal(ask(model, 'example.com', 'NS').answers.length, 4);
  assert.equal(ask(model, 'example.com', 'SOA').answers.length, 1);
});

test('an explanation shows the way and why each record was skipped', () => {
  const pair = zoneOf([
    'Name: iot.example.com, Type: CNAME, TTL: 30, ResourceRecords: [a.test], SetIdentifier: one, Failover: PRIMARY, HealthCheckId: !Ref A',
    'Name: iot.example.com, Type: CNAME, TTL: 30, ResourceRecords: [b.test], SetIdentifier: two, Failover: SECONDARY, HealthCheckId: !Ref B',
  ]);
  const question = { name: 'iot.example.com', type: 'CNAME', region: 'us-east-1' };
  const lines = (unhealthy: string) =>
    explainOutcome(question, answer(question, worldOf(pair, { unhealthy }))).map((line) =>
      line.replaceAll(/\(\S*template\.yaml:/g, '(template.yaml:'),
    );
  assert.deepEqual(lines('A'), [
    'iot.example.com. CNAME from us-east-1',
    'iot.example.com. CNAME: failover, 2 records',
    '  skipped  one: a.test, A is unhealthy (template.yaml:19)',
    '  chosen   two: b.test, the primary is unhealthy (B is healthy) (template.yaml:22)',
    'NOERROR',
    'iot.example.com. 30 IN CNAME b.test',
  ]);
  assert.equal(
    lines('AB')[2],
    '  chosen   one: a.test, no record of the group is healthy, so all count as healthy: the primary (A is unhealthy) (template.yaml:19)',
  );
});

test('a distribution counts each answer', () => {
  const question = { name: 'www.example.com', type: 'A', region: 'us-east-1' };
  const outcomes = ['www', 'x', 'x', 'x'].map((label) => ask(model, `${label}.example.com`));
  assert.deepEqual(explainDistribution(question, outcomes), [
    'www.example.com. A from us-east-1, 4 times',
    '      3   75.0 %  A 192.0.2.9',
    '      1   25.0 %  A 192.0.2.1',
  ]);
});

test('records in zones that were there before the template are answered', () => {
  const delegation = `
  Delegation:
    Type: AWS::Route53::RecordSet
    Properties:
      { HostedZoneId: Z0PARENT, Name: example.com, Type: NS, TTL: 60, ResourceRecords: !GetAtt Zone.NameServers }
  Other:
    Type: AWS::Route53::RecordSet
    Properties: { HostedZoneId: Z0OTHER, Name: iot.other.test, Type: A, TTL: 60, ResourceRecords: [192.0.2.3] }`;
  const existing = { Z0PARENT: 'com', Z0OTHER: 'other.test', '': '' };
  const both = withTemplate(zoneTemplate([], delegation), {}, (template) =>
    dnsFromTemplate(template, existing),
  );
  assert.deepEqual(
    both.zones.map(({ zone }) => zone.name),
    ['example.com.', 'com.', 'other.test.'],
  );
  assert.equal(shortly(ask(both, 'iot.other.test')), 'NOERROR 192.0.2.3');
  assert.equal(shortly(ask(both, 'nope.other.test')), 'NXDOMAIN');
  assert.match(shortly(ask(both, 'example.com', 'NS')), /^NOERROR ns-0\./);
});
