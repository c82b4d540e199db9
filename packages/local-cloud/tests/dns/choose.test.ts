// Which record answers, by policy and health: tables from Route 53's guide.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { ask, shortly, zoneOf, type Circumstances } from './fixture.ts';

const record = (last: number, more: string) =>
  `Name: www.example.com, Type: A, TTL: 60, ResourceRecords: [192.0.2.${last}], SetIdentifier: s${last}, ${more}`;

const failover = [
  record(1, 'Failover: PRIMARY, HealthCheckId: !Ref A'),
  record(2, 'Failover: SECONDARY, HealthCheckId: !Ref B'),
];
const unchecked = [record(1, 'Failover: PRIMARY, HealthCheckId: !Ref A'), record(2, 'Failover: SECONDARY')];
const weighted = [
  record(1, 'Weight: 70, HealthCheckId: !Ref A'),
  record(2, 'Weight: 30, HealthCheckId: !Ref B'),
  record(3, 'Weight: 0, HealthCheckId: !Ref C'),
];
const latency = [
  record(1, 'Region: us-east-1, HealthCheckId: !Ref A'),
  record(2, 'Region: eu-west-1, HealthCheckId: !Ref B'),
  record(3, 'Region: ap-southeast-2, HealthCheckId: !Ref C'),
];

const cases: readonly (readonly [fact: string, records: readonly string[], Circumstances, answer: string])[] =
  [
    ['a healthy primary answers', failover, {}, '1'],
    ['the secondary answers for an unhealthy primary', failover, { unhealthy: 'A' }, '2'],
    ['the primary answers while the secondary is unhealthy', failover, { unhealthy: 'B' }, '1'],
    ['the primary answers when both are unhealthy', failover, { unhealthy: 'AB' }, '1'],
    ['a secondary without a check is always healthy', unchecked, { unhealthy: 'A' }, '2'],
    ['a draw of 0.699 gives the record with 70 of 100', weighted, { draws: [0.699] }, '1'],
    ['a draw of 0.7 gives the record with 30 of 100', weighted, { draws: [0.7] }, '2'],
    ['weights of the healthy records share the draws', weighted, { unhealthy: 'A', draws: [0] }, '2'],
    ['weight 0 is the last resort', weighted, { unhealthy: 'AB' }, '3'],
    ['weight 0 is not drawn when all are unhealthy', weighted, { unhealthy: 'ABC', draws: [0.999] }, '2'],
    ['a resolver in Virginia gets the record of Virginia', latency, { region: 'us-east-2' }, '1'],
    ['a resolver in Frankfurt gets the record of Ireland', latency, { region: 'eu-central-1' }, '2'],
    ['a resolver in Singapore gets the record of Sydney', latency, { region: 'ap-southeast-1' }, '3'],
    [
      'the next nearest answers for an unhealthy one',
      latency,
      { region: 'eu-central-1', unhealthy: 'B' },
      '1',
    ],
    ['the nearest answers when all are unhealthy', latency, { region: 'eu-west-2', unhealthy: 'ABC' }, '2'],
  ];

test.each(cases)('%s', (_, records, circumstances, last) => {
  assert.equal(
    shortly(ask(zoneOf(records), 'www.example.com', 'A', circumstances)),
    `NOERROR 192.0.2.${last}`,
  );
});

test('a multivalue answer has eight of ten healthy records', () => {
  const model = zoneOf(
    Array.from({ length: 11 }, (_, index) =>
      record(index + 1, `MultiValueAnswer: true${index === 0 ? ', HealthCheckId: !Ref A' : ''}`),
    ),
  );
  const { answers } = ask(model, 'www.example.com', 'A', { unhealthy: 'A', draws: [0.3, 0.1, 0.2, 0.9] });
  assert.equal(new Set(answers.map(({ value }) => value)).size, 8);
  assert.ok(!answers.some(({ value }) => value === '192.0.2.1'));
});

test('a multivalue answer has the unhealthy ones when none is healthy', () => {
  const model = zoneOf([
    record(1, 'MultiValueAnswer: true, HealthCheckId: !Ref A'),
    record(2, 'MultiValueAnswer: true, HealthCheckId: !Ref B'),
  ]);
  const { answers } = ask(model, 'www.example.com', 'A', { unhealthy: 'AB' });
  assert.deepEqual(answers.map(({ value }) => value).toSorted(), ['192.0.2.1', '192.0.2.2']);
});

/** Latency between regions, weights within each: the example of the guide on complex configurations. */
const alias = (name: string, target: string, more: string) =>
  `Name: ${name}.example.com, Type: A, AliasTarget: { DNSName: ${target}.example.com, HostedZoneId: !Ref Zone, ${more} }`;
const leaf = (name: string, last: number, more: string) =>
  `Name: ${name}.example.com, Type: A, TTL: 5, ResourceRecords: [192.0.2.${last}], SetIdentifier: s${last}, ${more}`;
const leaves = [
  leaf('us', 1, 'Weight: 10, HealthCheckId: !Ref A'),
  leaf('us', 2, 'Weight: 10, HealthCheckId: !Ref B'),
  leaf('eu', 3, 'Weight: 10, HealthCheckId: !Ref C'),
  leaf('eu', 4, 'Weight: 10, HealthCheckId: !Ref D'),
];
const tree = (evaluate: boolean) => [
  `${alias('www', 'us', `EvaluateTargetHealth: ${evaluate}`)}, SetIdentifier: us, Region: us-east-1`,
  `${alias('www', 'eu', `EvaluateTargetHealth: ${evaluate}`)}, SetIdentifier: eu, Region: eu-west-1`,
  ...leaves,
];

const trees: readonly (readonly [fact: string, evaluate: boolean, unhealthy: string, answer: string])[] = [
  ['goes down the branch of the nearest region', true, '', '1'],
  ['passes an unhealthy leaf over', true, 'A', '2'],
  ['leaves a branch that has no healthy leaf', true, 'AB', '3'],
  ['keeps a branch whose health it does not evaluate', false, 'AB', '1'],
  ['counts all as healthy when no leaf is', true, 'ABCD', '1'],
];

test.each(trees)('a tree of aliases %s', (_, evaluate, unhealthy, last) => {
  const outcome = ask(zoneOf(tree(evaluate)), 'www.example.com', 'A', { unhealthy });
  assert.equal(shortly(outcome), `NOERROR 192.0.2.${last}`);
  assert.equal(outcome.answers[0]!.ttl, 5);
});

test('an alias with a check of its own needs both', () => {
  const model = zoneOf([
    `${alias('www', 'us', 'EvaluateTargetHealth: true')}, SetIdentifier: p, Failover: PRIMARY, HealthCheckId: !Ref C`,
    leaf('www', 9, 'Failover: SECONDARY'),
    ...leaves.slice(0, 2),
  ]);
  const given = (unhealthy: string) => shortly(ask(model, 'www.example.com', 'A', { unhealthy }));
  assert.deepEqual(
    [given(''), given('C'), given('AB')].map((text) => text.slice(-1)),
    ['1', '9', '9'],
  );
});

test('a calculated check is healthy while enough of its children are', () => {
  const both = `
  Both:
    Type: AWS::Route53::HealthCheck
    Properties: { HealthCheckConfig: { Type: CALCULATED, ChildHealthChecks: [!Ref A, !Ref B, !Ref C], HealthThreshold: 2 } }`;
  const model = zoneOf(
    [record(1, 'Failover: PRIMARY, HealthCheckId: !Ref Both'), record(2, 'Failover: SECONDARY')],
    both,
  );
  const given = (unhealthy: string) => shortly(ask(model, 'www.example.com', 'A', { unhealthy })).slice(-1);
  assert.deepEqual([given(''), given('A'), given('AB')], ['1', '1', '2']);
});
