// What Route 53 would refuse of a template: each with its line, before anything answers.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { StartError } from '../../start-error.ts';
import { zoneOf } from './fixture.ts';

const www = 'Name: www.example.com, Type: A, TTL: 60, ResourceRecords: [192.0.2.1]';
const set = (more: string) => `${www}, ${more}`;
const alias = (name: string, more: string) => `Name: ${name}.example.com, Type: A, AliasTarget: { ${more} }`;

const cases: readonly (readonly [records: readonly string[], problem: string])[] = [
  [
    ['Name: example.com, Type: CNAME, TTL: 60, ResourceRecords: [a.test]'],
    'template.yaml:19: R0: RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com.: use an alias record of type A there, or a name below it',
  ],
  [
    ['Name: www.example.org, Type: A, TTL: 60, ResourceRecords: [192.0.2.1]'],
    'template.yaml:19: R0: RRSet with DNS name www.example.org. is not permitted in zone example.com.: write a name that ends in example.com.',
  ],
  [
    [www, www],
    "template.yaml:22: R1: Tried to create resource record set [name='www.example.com.', type='A'] but it already exists: remove one of them, or give each a SetIdentifier and a routing policy",
  ],
  [
    ['Name: example.com, Type: SOA, TTL: 60, ResourceRecords: [a.test b.test 1 2 3 4 5]'],
    "template.yaml:19: R0: Tried to create resource record set [name='example.com.', type='SOA'] but it already exists, as Route 53 makes it with the zone: remove one of them, or give each a SetIdentifier and a routing policy",
  ],
  [
    [set('SetIdentifier: a, Failover: PRIMARY')],
    'template.yaml:19: R0: A non-alias primary ResourceRecordSet must have an associated health check: give it a HealthCheckId',
  ],
  [
    [set('SetIdentifier: a, Weight: 0'), set('SetIdentifier: b, Weight: 0')],
    'template.yaml:19: R0: all weights of www.example.com. are 0: give one of them a weight from 1 to 255',
  ],
  [
    [set('SetIdentifier: a, Weight: 1'), set('SetIdentifier: b, Region: us-east-1')],
    'template.yaml:19: R0: RRSet with DNS name www.example.com., type A mixes the routing policies latency and weighted: give all records of the group the same',
  ],
  [
    [set('SetIdentifier: a, Region: us-east-1'), set('SetIdentifier: b, Region: us-east-1')],
    'template.yaml:22: R1: RRSet with DNS name www.example.com., type A has region us-east-1 already: a group has each of them once',
  ],
  [
    [set('Weight: 1')],
    'template.yaml:19: R0: a weighted record needs a SetIdentifier: give each record of the group its own',
  ],
  [
    [set('SetIdentifier: a')],
    'template.yaml:19: R0: SetIdentifier is given for a record without a routing policy: add Failover, Weight, Region or MultiValueAnswer, or remove SetIdentifier',
  ],
  [
    [set('SetIdentifier: a, Weight: 1, Region: us-east-1')],
    'template.yaml:21: R0: a record has one routing policy, not Weight and Region: remove one',
  ],
  [
    [set('SetIdentifier: a, Weight: 1, HealthCheckId: gone')],
    'template.yaml:19: R0: No health check exists with id: gone: refer to a health check of the template; it has A, B, C, D',
  ],
  [
    [www, 'Name: www.example.com, Type: CNAME, TTL: 60, ResourceRecords: [a.test]'],
    'template.yaml:22: R1: RRSet of type CNAME with DNS name www.example.com. is not permitted as it conflicts with other records with the same DNS name in zone example.com.: a name with a CNAME has no other records: remove them, or use an alias',
  ],
  [
    [alias('www', 'DNSName: gone.example.com, HostedZoneId: !Ref Zone')],
    'but that target was not found: declare a record gone.example.com. of type A',
  ],
  [
    [
      alias('www', 'DNSName: two.example.com, HostedZoneId: !Ref Zone'),
      alias('two', 'DNSName: www.example.com, HostedZoneId: !Ref Zone'),
    ],
    'template.yaml:19: R0: the alias www.example.com. leads back to itself: let it lead to a record with values',
  ],
  [
    ['Name: www.example.com, Type: A, TTL: 60, ResourceRecords: [192.0.2.300]'],
    'template.yaml:19: R0: "192.0.2.300" is not a value of A: write an IPv4 address: correct the value',
  ],
  [
    ['Name: www.example.com, Type: TXT, TTL: 60, ResourceRecords: [no quotes]'],
    'template.yaml:19: R0: "no quotes" is not a value of TXT: write strings in quotes, each of at most 255 characters: correct the value',
  ],
  [
    ['Name: www.example.com, Type: A, ResourceRecords: [192.0.2.1]'],
    'template.yaml:21: R0: TTL is missing: say for how many seconds the values may be kept',
  ],
  [
    [`Name: ${'x'.repeat(64)}.example.com, Type: A, TTL: 60, ResourceRecords: [192.0.2.1]`],
    'is longer than 63 characters: write another name',
  ],
  [
    [
      'Name: www.example.com, Type: A, TTL: 60, ResourceRecords: [192.0.2.1], GeoLocation: { CountryCode: DE }',
    ],
    'template.yaml:21: R0: property GeoLocation is not supported by the local cloud: remove it, or run this template on AWS',
  ],
];

test.each(cases.filter(([, problem]) => problem !== ''))('%j is refused by line', (records, problem) => {
  assert.throws(
    () => zoneOf(records),
    (error: unknown) => {
      assert.ok(error instanceof StartError);
      assert.ok(
        error.problems.some((each) => each.includes(problem)),
        error.message,
      );
      return true;
    },
  );
});

const zoneless = `
  X:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneId: Z0815
      Name: www.example.org
      Type: A
      TTL: 60
      ResourceRecords: [192.0.2.1]`;
const twin = '\n  Twin: { Type: AWS::Route53::HostedZone, Properties: { Name: Example.com. } }';
const check = (config: string) => `
  X:
    Type: AWS::Route53::HealthCheck
    Properties:
      HealthCheckConfig: { ${config} }`;

const others: readonly (readonly [more: string, problem: string])[] = [
  [
    zoneless,
    'template.yaml:22: X: HostedZoneId is Z0815, but the template has no such hosted zone; it has Zone (example.com.)',
  ],
  [twin, 'template.yaml:19: Twin: example.com. is the zone Zone already: remove one of them'],
  [
    check('Type: CLOUDWATCH_METRIC'),
    'template.yaml:22: X: HealthCheckConfig.Type is CLOUDWATCH_METRIC, which the local cloud does not support: use HTTP or HTTPS or HTTP_STR_MATCH or HTTPS_STR_MATCH or TCP or CALCULATED',
  ],
  [
    check('Type: HTTPS'),
    'template.yaml:22: X: Type: a check of type HTTPS needs FullyQualifiedDomainName or IPAddress',
  ],
  [check('Type: TCP, IPAddress: 192.0.2.1'), 'template.yaml:22: X: Type: a check of type TCP needs a Port'],
  [
    check('Type: HTTP, IPAddress: 192.0.2.1, SearchString: ok'),
    'template.yaml:22: X: SearchString: SearchString and a type that ends in _STR_MATCH need each other; the type is HTTP',
  ],
  [
    check('Type: HTTP, IPAddress: 192.0.2.1, Regions: [us-east-1, eu-west-1]'),
    'template.yaml:22: X: Regions: a check needs at least 3 regions',
  ],
  [
    check('Type: HTTP, IPAddress: 192.0.2.1, RequestInterval: 20'),
    'HealthCheckConfig.RequestInterval is 20, which the local cloud does not support: use 10 or 30',
  ],
  [check('Type: CALCULATED, ChildHealthChecks: [!Ref X]'), 'circle'],
];

test.each(others)('%s is refused by line', (more, problem) => {
  assert.throws(
    () => zoneOf([], more),
    (error: unknown) => {
      assert.ok(error instanceof StartError);
      assert.ok(
        error.problems.some((each) => each.includes(problem)),
        error.message,
      );
      return true;
    },
  );
});
