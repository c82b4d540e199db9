// The real dns.yaml: which records and health checks each policy creates, and what is refused before anything is created.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import path from 'node:path';
import { stackDefaults } from '../../packages/local-cloud/tests/template/fixture.ts';
import { loadOnce } from './tidegate-template.ts';

const root = path.resolve(import.meta.dirname, '../..');
type Overrides = Readonly<Record<string, string>>;
type Properties = Readonly<Record<string, unknown>>;

const load = (overrides: Overrides) =>
  loadOnce({
    ...stackDefaults,
    stackName: 'tidegate-dns',
    file: path.join(root, 'dns.yaml'),
    samconfigFile: path.join(root, 'none.toml'),
    environment: 'local',
    overrides: { ZoneName: 'example.com', ...overrides },
  });

interface Shown {
  readonly name: string;
  readonly type: string;
  readonly to: string;
  readonly by: string;
  readonly check: string | undefined;
}

/** Of a record that Route 53 would take: what it says, its policy, and the health check in words. */
function shown(record: Properties, checks: ReadonlyMap<string, string>): Shown {
  const alias = record['AliasTarget'] as Properties | undefined;
  const values = record['ResourceRecords'] as readonly string[] | undefined;
  // A record has a TTL and values, or an alias, and never an empty value.
  assert.equal(alias === undefined, values !== undefined, JSON.stringify(record));
  assert.equal(alias === undefined, record['TTL'] !== undefined, JSON.stringify(record));
  const texts = JSON.stringify(record);
  assert.doesNotMatch(texts, /:""|\[\]|\[""\]|null/, texts);
  const policies = ['Failover', 'Region', 'Weight', 'MultiValueAnswer'].filter((name) => name in record);
  assert.ok(policies.length <= 1, texts);
  assert.equal(policies.length === 1, 'SetIdentifier' in record, texts);
  const [policy] = policies;
  const id = record['HealthCheckId'] as string | undefined;
  return {
    name: String(record['Name']),
    type: String(record['Type']),
    to: alias ? `alias ${String(alias['DNSName'])} ${String(alias['HostedZoneId'])}` : values!.join(' | '),
    by:
      policy === undefined
        ? 'simple'
        : `${String(record['SetIdentifier'])} ${policy} ${String(record[policy])}`,
    check: id === undefined ? undefined : (checks.get(id) ?? assert.fail(`no check ${id}`)),
  };
}

/** All records of the stack but those of mail, and its health checks, by what they ask. */
function made(overrides: Overrides) {
  const template = load(overrides);
  const config = (properties: Properties) => properties['HealthCheckConfig'] as Properties;
  const checks = new Map(
    template.ofType('AWS::Route53::HealthCheck').map(({ ref, properties }) => {
      const { Type, FullyQualifiedDomainName: host, IPAddress: address, Port } = config(properties);
      return [ref, `${String(Type)} ${String(host ?? address)}:${String(Port)}`];
    }),
  );
  const records = [
    ...template.ofType('AWS::Route53::RecordSet').map(({ properties }) => properties),
    ...template
      .ofType('AWS::Route53::RecordSetGroup')
      .flatMap(({ properties }) => properties['RecordSets'] as readonly Properties[]),
  ];
  const rows = records
    .map((record) => shown(record, checks))
    .map(({ name, type, to, by, check }) =>
      [name, type, to, by, ...(check === undefined ? [] : [check])].join(' · '),
    );
  return { rows, checks: [...checks.values()], template };
}

const one = {
  IotEndpoint: 'a1-ats.iot.us-east-1.amazonaws.com',
  ApiTarget: 'd-1.execute-api.us-east-1.amazonaws.com',
  ApiTargetZoneId: 'Z1',
};
const two = {
  ...one,
  IotEndpoint2: 'a1-ats.iot.eu-central-1.amazonaws.com',
  ApiTarget2: 'd-2.execute-api.eu-central-1.amazonaws.com',
  ApiTargetZoneId2: 'Z2',
};
const checked = { HealthCheck: 'https', CheckHost: 'x1.execute-api.us-east-1.amazonaws.com' };
const bothChecked = { ...checked, CheckHost2: 'x2.execute-api.eu-central-1.amazonaws.com' };
const regions = { Region: 'us-east-1', Region2: 'eu-central-1' };
const whale = {
  Routing: 'fail-whale',
  ...checked,
  WhaleCertificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/8c1c34ef-d3c3-4f2d-82aa-f1a3dc3f06f6',
};

const check1 = 'HTTPS x1.execute-api.us-east-1.amazonaws.com:443';
const check2 = 'HTTPS x2.execute-api.eu-central-1.amazonaws.com:443';
const iot = (index: 1 | 2, by: string) =>
  `iot.example.com · CNAME · a1-ats.iot.${index === 1 ? 'us-east-1' : 'eu-central-1'}.amazonaws.com · ${by}`;
const api = (type: string, index: 1 | 2, by: string) =>
  `api.example.com · ${type} · alias d-${index}.execute-api.${index === 1 ? 'us-east-1' : 'eu-central-1'}.amazonaws.com Z${index} · ${by}`;
const pair = (first: string, second: string) => [
  iot(1, first),
  iot(2, second),
  api('A', 1, first),
  api('AAAA', 1, first),
  api('A', 2, second),
  api('AAAA', 2, second),
];
const lb = { ServerTarget: 'lb-1.us-east-1.elb.amazonaws.com', ServerTargetZoneId: 'Z35SXDOTRQ7X7K' };
const distribution = (template: ReturnType<typeof load>) =>
  `alias d${template.resources.get('Whale')!.ref.slice(1).toLowerCase()}.cloudfront.net Z2FDTNDATAQYW2`;

const choices: readonly (readonly [
  title: string,
  overrides: Overrides,
  rows: readonly string[],
  checks: readonly string[],
])[] = [
  ['nothing but the zone', {}, [], []],
  ['one region', one, [iot(1, 'simple'), api('A', 1, 'simple'), api('AAAA', 1, 'simple')], []],
  [
    'devices alone',
    { IotEndpoint: one.IotEndpoint, IotLabel: 'mqtt' },
    [iot(1, 'simple').replace('iot.', 'mqtt.')],
    [],
  ],
  [
    'failover to a second region',
    { ...two, ...bothChecked, Routing: 'failover' },
    pair(`primary Failover PRIMARY · ${check1}`, `secondary Failover SECONDARY · ${check2}`),
    [check1, check2],
  ],
  [
    'the nearer of two regions',
    { ...two, ...regions, Routing: 'latency' },
    pair('primary Region us-east-1', 'secondary Region eu-central-1'),
    [],
  ],
  [
    'the nearer of two healthy regions',
    { ...two, ...regions, ...bothChecked, Routing: 'latency' },
    pair(`primary Region us-east-1 · ${check1}`, `secondary Region eu-central-1 · ${check2}`),
    [check1, check2],
  ],
  [
    'two weights, of which one is 0',
    { ...two, Routing: 'weighted' },
    pair('primary Weight 100', 'secondary Weight 0'),
    [],
  ],
  [
    'weights that are shifted',
    { ...two, ...bothChecked, Routing: 'weighted', Weight: '90', Weight2: '10' },
    pair(`primary Weight 90 · ${check1}`, `secondary Weight 10 · ${check2}`),
    [check1, check2],
  ],
  [
    'a load balancer at the zone itself',
    { ...lb, ServerLabel: '@' },
    ['A', 'AAAA'].map(
      (type) => `example.com · ${type} · alias lb-1.us-east-1.elb.amazonaws.com Z35SXDOTRQ7X7K · simple`,
    ),
    [],
  ],
  [
    'two load balancers',
    {
      ...lb,
      ServerTarget2: 'lb-2.eu-central-1.elb.amazonaws.com',
      ServerTargetZoneId2: 'Z215JYRZR1TBD5',
      ...bothChecked,
      Routing: 'failover',
    },
    [
      ...['A', 'AAAA'].map(
        (type) =>
          `www.example.com · ${type} · alias lb-1.us-east-1.elb.amazonaws.com Z35SXDOTRQ7X7K · primary Failover PRIMARY · ${check1}`,
      ),
      ...['A', 'AAAA'].map(
        (type) =>
          `www.example.com · ${type} · alias lb-2.eu-central-1.elb.amazonaws.com Z215JYRZR1TBD5 · secondary Failover SECONDARY · ${check2}`,
      ),
    ],
    [check1, check2],
  ],
  ['one address', { ServerAddress: '192.0.2.1' }, ['www.example.com · A · 192.0.2.1 · simple'], []],
  [
    'two addresses, each asked itself',
    {
      ServerAddress: '192.0.2.1',
      ServerAddress2: '192.0.2.2',
      Routing: 'failover',
      HealthCheck: 'tcp',
      CheckPort: '8883',
    },
    [
      'www.example.com · A · 192.0.2.1 · primary Failover PRIMARY · TCP 192.0.2.1:8883',
      'www.example.com · A · 192.0.2.2 · secondary Failover SECONDARY · TCP 192.0.2.2:8883',
    ],
    ['TCP 192.0.2.1:8883', 'TCP 192.0.2.2:8883'],
  ],
  [
    'all healthy ones of four addresses',
    {
      ServerAddress: '192.0.2.1',
      ServerAddress2: '192.0.2.2',
      ServerAddress3: '192.0.2.3',
      ServerAddress4: '192.0.2.4',
      Routing: 'multivalue',
      HealthCheck: 'http',
      CheckPort: '80',
    },
    ['primary', 'secondary', 'third', 'fourth'].map(
      (id, index) =>
        `www.example.com · A · 192.0.2.${index + 1} · ${id} MultiValueAnswer true · HTTP 192.0.2.${index + 1}:80`,
    ),
    [1, 2, 3, 4].map((index) => `HTTP 192.0.2.${index}:80`),
  ],
  [
    'two addresses at once, without a check',
    { ServerAddress: '192.0.2.1', ServerAddress2: '192.0.2.2', Routing: 'multivalue' },
    ['primary', 'secondary'].map(
      (id, index) => `www.example.com · A · 192.0.2.${index + 1} · ${id} MultiValueAnswer true`,
    ),
    [],
  ],
];
for (const [title, overrides, rows, checks] of choices) {
  test(`records: ${title}`, () => {
    const found = made(overrides);
    assert.deepEqual([found.rows, found.checks], [rows, checks]);
  });
}

test('a fail whale replaces the API and servers, and never devices', () => {
  const { rows, checks, template } = made({ ...one, ...whale, ServerAddress: '192.0.2.1' });
  const page = distribution(template);
  assert.deepEqual(rows, [
    iot(1, 'simple'),
    api('A', 1, `primary Failover PRIMARY · ${check1}`),
    api('AAAA', 1, `primary Failover PRIMARY · ${check1}`),
    `api.example.com · A · ${page} · secondary Failover SECONDARY`,
    `api.example.com · AAAA · ${page} · secondary Failover SECONDARY`,
    `www.example.com · A · 192.0.2.1 · primary Failover PRIMARY · ${check1}`,
    `www.example.com · A · ${page} · secondary Failover SECONDARY`,
  ]);
  assert.deepEqual(checks, [check1]);
  const { DistributionConfig: config } = template.resources.get('Whale')!.properties;
  assert.deepEqual((config as Properties)['Aliases'], ['api.example.com', 'www.example.com']);
  const aliasOf = (overrides: Overrides) =>
    (load({ ...whale, ...overrides }).resources.get('Whale')!.properties['DistributionConfig'] as Properties)[
      'Aliases'
    ];
  assert.deepEqual(aliasOf(one), ['api.example.com']);
  assert.deepEqual(aliasOf({ ...lb, ServerLabel: '@' }), ['example.com']);
});

test('a check by an alarm is for AWS alone: there is no CloudWatch here to ask', () => {
  const alarms = { HealthCheck: 'alarm', AlarmName: 'down', AlarmName2: 'down too' };
  assert.throws(() => load({ ...two, ...regions, ...alarms, Routing: 'failover' }), {
    name: 'StartError',
    message:
      /^dns.yaml:\d+: PrimaryCheck: HealthCheckConfig.Type is CLOUDWATCH_METRIC, which the local cloud does not support/,
  });
});

test('only the fail whale has a bucket and a distribution', () => {
  for (const [, overrides] of choices) {
    const { template } = made(overrides);
    assert.deepEqual(
      ['AWS::S3::Bucket', 'AWS::CloudFront::Distribution'].flatMap((type) => template.ofType(type)),
      [],
    );
  }
});

test('the zone is created if none exists, and its parent delegates it', () => {
  const { template, rows } = made({ ZoneName: 'fleet.example.com', ParentZoneId: 'ZPARENT' });
  const [zone] = template.ofType('AWS::Route53::HostedZone');
  const servers = template.outputs['NameServers']!.split(' ');
  assert.equal(servers.length, 4);
  assert.deepEqual(rows, [`fleet.example.com · NS · ${servers.join(' | ')} · simple`]);
  assert.equal(template.resources.get('Delegation')!.properties['HostedZoneId'], 'ZPARENT');
  assert.equal(template.outputs['ZoneId'], zone!.ref);
});

test('records lie in the zone that is there already', () => {
  const template = load({ ...one, HostedZoneId: 'ZTHERE', MailServers: '10 mx.example.net', UseSes: 'true' });
  assert.deepEqual(template.ofType('AWS::Route53::HostedZone'), []);
  assert.equal(template.outputs['ZoneId'], 'ZTHERE');
  assert.equal(template.outputs['NameServers'], undefined);
  const records = ['AWS::Route53::RecordSet', 'AWS::Route53::RecordSetGroup'].flatMap((type) =>
    template.ofType(type),
  );
  assert.deepEqual(new Set(records.map(({ properties }) => properties['HostedZoneId'])), new Set(['ZTHERE']));
});

test('an HTTPS check sends the name in its TLS hello, and a TCP check asks for no path', () => {
  const configOf = (overrides: Overrides) =>
    load({ ...two, Routing: 'failover', ...overrides }).resources.get('PrimaryCheck')!.properties[
      'HealthCheckConfig'
    ];
  const common = {
    FullyQualifiedDomainName: checked.CheckHost,
    RequestInterval: '10',
    FailureThreshold: '2',
  };
  const settings = { ...bothChecked, CheckInterval: '10', CheckFailures: '2' };
  assert.deepEqual(configOf(settings), {
    ...common,
    ...{ Type: 'HTTPS', Port: '443', ResourcePath: '/health', EnableSNI: true },
  });
  assert.deepEqual(configOf({ ...settings, HealthCheck: 'tcp' }), { ...common, Type: 'TCP', Port: '443' });
});

const mail: readonly (readonly [overrides: Overrides, rows: readonly string[]])[] = [
  [
    { MailServers: '10 mx1.example.net,20 mx2.example.net' },
    ['example.com · MX · 10 mx1.example.net | 20 mx2.example.net · simple'],
  ],
  [
    { Spf: 'v=spf1 include:amazonses.com ~all' },
    ['example.com · TXT · "v=spf1 include:amazonses.com ~all" · simple'],
  ],
  [{ VerificationTexts: 'a=1, b=2' }, ['example.com · TXT · "a=1" | "b=2" · simple']],
  [
    { Spf: 'v=spf1 -all', VerificationTexts: 'a=1,b=2' },
    ['example.com · TXT · "v=spf1 -all" | "a=1" | "b=2" · simple'],
  ],
  [{ Dmarc: 'v=DMARC1; p=reject' }, ['_dmarc.example.com · TXT · "v=DMARC1; p=reject" · simple']],
  [
    { AutodiscoverTarget: 'autodiscover.outlook.com' },
    ['autodiscover.example.com · CNAME · autodiscover.outlook.com · simple'],
  ],
  [
    { DkimTextSelector: 'google', DkimText: `"v=DKIM1; k=rsa; p=${'M'.repeat(200)}" "${'I'.repeat(190)}"` },
    [
      `google._domainkey.example.com · TXT · "v=DKIM1; k=rsa; p=${'M'.repeat(200)}" "${'I'.repeat(190)}" · simple`,
    ],
  ],
  [
    {
      DkimSelector: 'fm1',
      DkimTarget: 'fm1.example.com.dkim.fmhosted.com',
      DkimSelector3: 's3',
      DkimTarget3: 's3._domainkey.example.net',
    },
    [
      'fm1._domainkey.example.com · CNAME · fm1.example.com.dkim.fmhosted.com · simple',
      's3._domainkey.example.com · CNAME · s3._domainkey.example.net · simple',
    ],
  ],
];
for (const [overrides, rows] of mail) {
  test(`mail: ${JSON.stringify(overrides).slice(0, 80)}`, () => {
    assert.deepEqual(made(overrides).rows, rows);
  });
}

test('Amazon SES has an identity and three DKIM records only on request', () => {
  const { rows, template } = made({ UseSes: 'true' });
  assert.equal(rows.length, 3);
  for (const row of rows)
    assert.match(row, /^(\w+)\._domainkey\.example\.com · CNAME · \1\.dkim\.amazonses\.com · simple$/);
  assert.equal(template.resources.get('SesIdentity')!.properties['EmailIdentity'], 'example.com');
  assert.deepEqual(load(one).ofType('AWS::SES::EmailIdentity'), []);
});

const failover = { ...two, ...bothChecked, Routing: 'failover' };
const refusals: readonly (readonly [what: string, overrides: Overrides, message: RegExp])[] = [
  [
    'a zone that is none',
    { HostedZoneId: 'example.com' },
    /parameter HostedZoneId is "example.com" .* must be the ID of a hosted zone/,
  ],
  [
    'a zone name with a dot at its end',
    { ZoneName: 'example.com.' },
    /parameter ZoneName is .* must be a domain such as example.com/,
  ],
  [
    'a parent of a zone that is there',
    { HostedZoneId: 'Z1', ParentZoneId: 'Z2' },
    /ParentZoneId delegates the zone that this stack creates/,
  ],
  [
    'a CNAME at the zone itself',
    { ...one, IotLabel: '@' },
    /parameter IotLabel is "@" .* cannot be the zone itself, where DNS allows no CNAME/,
  ],
  [
    'a CNAME at the zone itself, left empty',
    { ...one, IotLabel: '' },
    /parameter IotLabel is "" .* cannot be the zone itself/,
  ],
  [
    'a name of two labels',
    { ...one, IotLabel: 'iot.eu' },
    /parameter IotLabel is "iot.eu" .* must be one label/,
  ],
  [
    'the URL of an endpoint',
    { IotEndpoint: 'https://a1-ats.iot.us-east-1.amazonaws.com' },
    /parameter IotEndpoint is .* must be the name that `aws iot describe-endpoint/,
  ],
  ['an address as an endpoint', { IotEndpoint: '192.0.2.1' }, /parameter IotEndpoint is .* must be the name/],
  ['one name for devices and the API', { IotLabel: 'api' }, /IotLabel and ApiLabel must differ/],
  ['one name for devices and servers', { IotLabel: 'www' }, /IotLabel and ServerLabel must differ/],
  ['one name for the API and servers', { ServerLabel: 'api' }, /ApiLabel and ServerLabel must differ/],
  [
    'a record that exists',
    { ServerLabel: 'autodiscover', AutodiscoverTarget: 'a.example.net' },
    /ServerLabel must not be autodiscover/,
  ],
  [
    'an alias without its zone',
    { ApiTarget: one.ApiTarget },
    /ApiTarget and ApiTargetZoneId .* give both or none/,
  ],
  [
    'a load balancer without its zone',
    { ServerTarget: lb.ServerTarget },
    /ServerTarget needs ServerTargetZoneId/,
  ],
  [
    'a load balancer and an address',
    { ...lb, ServerAddress: '192.0.2.1' },
    /ServerTarget and ServerAddress .* leave one empty/,
  ],
  ['a second region without a policy', { ...two }, /IotEndpoint2 must be empty when Routing is simple/],
  [
    'a policy without a second region',
    { ...one, ...regions, Routing: 'latency' },
    /IotEndpoint and IotEndpoint2 must both be set/,
  ],
  [
    'a second region without a first',
    { ...regions, Routing: 'latency', IotEndpoint2: two.IotEndpoint2 },
    /IotEndpoint and IotEndpoint2 must both be set/,
  ],
  [
    'a failover pair without a check',
    { ...two, Routing: 'failover' },
    /HealthCheck must not be none when Routing is failover/,
  ],
  [
    'a fail whale without a check',
    { ...one, ...whale, HealthCheck: 'none', CheckHost: '' },
    /HealthCheck must not be none when Routing is failover or fail-whale/,
  ],
  ['a check without a policy', { ...one, ...checked }, /HealthCheck must be none when Routing is simple/],
  [
    'a check that asks nothing',
    { ...failover, CheckHost: '', CheckHost2: '' },
    /CheckHost must be set when HealthCheck is https/,
  ],
  [
    'a second check that asks nothing',
    { ...failover, CheckHost2: '' },
    /CheckHost and CheckHost2 must both be set/,
  ],
  [
    'the URL of a check',
    { ...failover, CheckHost: 'https://x1.execute-api.us-east-1.amazonaws.com' },
    /parameter CheckHost is .* without https/,
  ],
  [
    'an alarm without a name',
    { ...two, ...regions, Routing: 'failover', HealthCheck: 'alarm' },
    /AlarmName and Region must be set/,
  ],
  [
    'an alarm without a second name',
    { ...two, ...regions, Routing: 'failover', HealthCheck: 'alarm', AlarmName: 'a' },
    /AlarmName2 and Region2 must be set/,
  ],
  ['latency of nowhere', { ...two, Routing: 'latency' }, /Region and Region2 must be two different regions/],
  [
    'latency of one region',
    { ...two, Routing: 'latency', Region: 'us-east-1', Region2: 'us-east-1' },
    /Region and Region2 must be two different regions/,
  ],
  [
    'weights that are all 0',
    { ...two, Routing: 'weighted', Weight: '0', Weight2: '0' },
    /Weight and Weight2 must not both be 0/,
  ],
  [
    'a weight over 255',
    { ...two, Routing: 'weighted', Weight: '256' },
    /parameter Weight is "256" .* must be a whole number from 0 to 255/,
  ],
  [
    'a weight below 0',
    { ...two, Routing: 'weighted', Weight2: '-1' },
    /parameter Weight2 is "-1" .* must be a whole number from 0 to 255/,
  ],
  [
    'many values of a CNAME',
    { ...two, ServerAddress: '192.0.2.1', ServerAddress2: '192.0.2.2', Routing: 'multivalue' },
    /IotEndpoint, ApiTarget and ServerTarget must be empty/,
  ],
  [
    'many values of one address',
    { ServerAddress: '192.0.2.1', Routing: 'multivalue' },
    /ServerAddress and ServerAddress2 must be set/,
  ],
  [
    'one check for many addresses',
    { ServerAddress: '192.0.2.1', ServerAddress2: '192.0.2.2', Routing: 'multivalue', ...checked },
    /each address has a check of its own/,
  ],
  [
    'a third address without multivalue',
    { ServerAddress: '192.0.2.1', ServerAddress3: '192.0.2.3' },
    /ServerAddress3 and ServerAddress4 must be empty/,
  ],
  [
    'an address beyond 255',
    { ServerAddress: '192.0.2.256' },
    /parameter ServerAddress is .* must be an IPv4 address/,
  ],
  [
    'a fail whale without a certificate',
    { ...one, ...whale, WhaleCertificateArn: '' },
    /WhaleCertificateArn must be set/,
  ],
  [
    'a certificate in the wrong region',
    { ...one, ...whale, WhaleCertificateArn: whale.WhaleCertificateArn.replace('us-east-1', 'eu-central-1') },
    /parameter WhaleCertificateArn is .* in us-east-1, as CloudFront reads no other region/,
  ],
  [
    'a fail whale for nobody',
    { ...whale, IotEndpoint: one.IotEndpoint },
    /ApiTarget, ServerTarget or ServerAddress must be set/,
  ],
  [
    'a mail server without a priority',
    { MailServers: 'mx1.example.net' },
    /parameter MailServers is .* must be a priority and a name each/,
  ],
  ['an SPF that is none', { Spf: 'include:amazonses.com' }, /parameter Spf is .* must begin with "v=spf1 "/],
  ['a text in quotes', { VerificationTexts: '"a=1"' }, /parameter VerificationTexts is .* without quotes/],
  ['a DMARC that is none', { Dmarc: 'p=reject' }, /parameter Dmarc is .* must begin with "v=DMARC1;"/],
  [
    'a DKIM key in one long string',
    { DkimTextSelector: 's', DkimText: `"${'M'.repeat(256)}"` },
    /parameter DkimText is .* strings of at most 255 characters/,
  ],
  ['a DKIM selector without its key', { DkimSelector: 's1' }, /DkimSelector and DkimTarget belong together/],
];
for (const [what, overrides, message] of refusals) {
  test(`${what} is refused`, () => {
    assert.throws(() => load(overrides), { name: 'StartError', message });
  });
}
