// The whole of `dns serve` with its own clients: DNS over UDP and TCP, dig, the AWS SDK, and a start after a stop.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  GetChangeCommand,
  GetHealthCheckCommand,
  GetHealthCheckStatusCommand,
  GetHostedZoneCommand,
  ListHealthChecksCommand,
  ListHostedZonesByNameCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  TestDNSAnswerCommand,
  UpdateHealthCheckCommand,
  type ChangeAction,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { decode, encode, streamEncode, type Packet } from 'dns-packet';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock, type ManualClock } from '../../clock.ts';
import { openDns, type Dns } from '../../dns/open.ts';
import { silentLog } from '../../log.ts';
import { createRoute53Forward } from '../../route53/forward.ts';
import { createAwsServer } from '../../aws/server.ts';
import { zoneOf } from './fixture.ts';

const pair = [
  'Name: iot.example.com, Type: CNAME, TTL: 30, ResourceRecords: [a.test], SetIdentifier: one, Failover: PRIMARY, HealthCheckId: !Ref A',
  'Name: iot.example.com, Type: CNAME, TTL: 30, ResourceRecords: [b.test], SetIdentifier: two, Failover: SECONDARY, HealthCheckId: !Ref B',
  'Name: www.example.com, Type: A, TTL: 60, ResourceRecords: [192.0.2.1]',
];
const model = zoneOf(pair);
const ZONE = model.zones[0]!.zone.id;
const checkA = model.checks.find(({ label }) => label === 'A')!.id;

async function open(dataDir = temporaryFolder()): Promise<{
  readonly dns: Dns;
  readonly client: Route53Client;
  readonly dataDir: string;
  readonly clock: ManualClock;
}> {
  const clock = createManualClock(1_790_000_000_000);
  const dns = await openDns({
    ...{ model, host: '127.0.0.1', port: 0, dataDir, clock, log: silentLog, random: () => 0 },
    ...{ standIns: new Map(), neighbourhoods: [] },
  });
  cleanup(() => dns.close());
  return { dns, client: clientOf(dns.url), dataDir, clock };
}

function clientOf(endpoint: string): Route53Client {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new Route53Client({ region: 'us-east-1', endpoint, credentials, maxAttempts: 1 });
  cleanup(() => client.destroy());
  return client;
}

const asQuery = (name: string, type: string): Packet => ({
  ...{ type: 'query', id: 1, questions: [{ name, type: type as 'A' }] },
});

async function overUdp(port: number, name: string, type = 'A'): Promise<string[]> {
  const socket = createSocket('udp4');
  const message = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(encode(asQuery(name, type)), port, '127.0.0.1');
  const [bytes] = await message;
  socket.close();
  return decode(bytes).answers!.map((each) => String((each as { data?: unknown }).data));
}

const change = (Action: ChangeAction, ResourceRecordSet: ResourceRecordSet) =>
  new ChangeResourceRecordSetsCommand({
    HostedZoneId: ZONE,
    ChangeBatch: { Changes: [{ Action, ResourceRecordSet }] },
  });
const text: ResourceRecordSet = {
  ...{ Name: '*.example.com', Type: 'TXT', TTL: 30, ResourceRecords: [{ Value: '"a b"' }] },
};

test('UDP and TCP answer on one port, TCP several queries on a connection', async () => {
  const { dns } = await open();
  assert.deepEqual(await overUdp(dns.port, 'www.example.com'), ['192.0.2.1']);
  const socket = connect(dns.port, '127.0.0.1');
  const queries = ['www.example.com', 'no.example.com'].map((name) => streamEncode(asQuery(name, 'A')));
  const bytes = Buffer.concat(queries);
  socket.write(bytes.subarray(0, 3));
  socket.write(bytes.subarray(3));
  let received = Buffer.alloc(0);
  const found: string[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      found.push((decode(received.subarray(2, end)) as unknown as { rcode: string }).rcode);
      received = received.subarray(end);
    }
    if (found.length === 2) break;
  }
  assert.deepEqual(found, ['NOERROR', 'NXDOMAIN']);
});

test('the API lists zones, records and checks, in pages', async () => {
  const { client } = await open();
  const { HostedZones } = await client.send(new ListHostedZonesCommand({}));
  assert.deepEqual(
    HostedZones!.map(({ Id, Name, ResourceRecordSetCount }) => [Id, Name, ResourceRecordSetCount]),
    [[`/hostedzone/${ZONE}`, 'example.com.', 5]],
  );
  const byName = await client.send(new ListHostedZonesByNameCommand({ DNSName: 'example.com' }));
  assert.equal(byName.HostedZones!.length, 1);
  const zone = await client.send(new GetHostedZoneCommand({ Id: ZONE }));
  assert.equal(zone.DelegationSet!.NameServers!.length, 4);
  const first = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: ZONE, MaxItems: 3 }));
  const rest = await client.send(
    new ListResourceRecordSetsCommand({
      HostedZoneId: ZONE,
      StartRecordName: first.NextRecordName!,
      StartRecordType: first.NextRecordType!,
      StartRecordIdentifier: first.NextRecordIdentifier!,
    }),
  );
  const all = [...first.ResourceRecordSets!, ...rest.ResourceRecordSets!];
  assert.deepEqual(
    all.map(({ Name, Type, SetIdentifier }) => [Name, Type, SetIdentifier].filter(Boolean).join(' ')),
    [
      'example.com. NS',
      'example.com. SOA',
      'iot.example.com. CNAME one',
      'iot.example.com. CNAME two',
      'www.example.com. A',
    ],
  );
  const page = await client.send(new ListHealthChecksCommand({ MaxItems: 2 }));
  const last = await client.send(new ListHealthChecksCommand({ Marker: page.NextMarker! }));
  const names = [...page.HealthChecks!, ...last.HealthChecks!].map(({ CallerReference }) => CallerReference);
  assert.deepEqual([page.IsTruncated, ...names], [true, 'A', 'B', 'C', 'D']);
  const { HealthCheck } = await client.send(new GetHealthCheckCommand({ HealthCheckId: checkA }));
  const { Type, Port, ResourcePath, RequestInterval } = HealthCheck!.HealthCheckConfig!;
  assert.deepEqual([Type, Port, ResourcePath, RequestInterval], ['HTTPS', 443, '/health', 30]);
});

test('a change answers at once, is done at once, and is there after the next start', async () => {
  const { dns, client, dataDir } = await open();
  const { ChangeInfo } = await client.send(change('UPSERT', text));
  const { ChangeInfo: later } = await client.send(new GetChangeCommand({ Id: ChangeInfo!.Id! }));
  assert.deepEqual([ChangeInfo!.Status, later!.Status], ['INSYNC', 'INSYNC']);
  assert.deepEqual(await overUdp(dns.port, 'x.example.com', 'TXT'), ['a b']);
  await client.send(
    change('DELETE', {
      Name: 'www.example.com',
      Type: 'A',
      TTL: 60,
      ResourceRecords: [{ Value: '192.0.2.1' }],
    }),
  );
  await dns.close();
  const again = await open(dataDir);
  assert.deepEqual(await overUdp(again.dns.port, 'x.example.com', 'TXT'), ['a b']);
  assert.deepEqual(await overUdp(again.dns.port, 'www.example.com'), []);
  await again.client.send(change('DELETE', text));
  assert.deepEqual(await overUdp(again.dns.port, 'x.example.com', 'TXT'), []);
});

const record = (more: Partial<ResourceRecordSet>): ResourceRecordSet => ({
  ...{ Name: 'www.example.com', Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }], ...more },
});

const refusals: readonly (readonly [
  fact: string,
  ChangeAction,
  ResourceRecordSet,
  code: string,
  message: string,
])[] = [
  [
    'a record that exists',
    'CREATE',
    record({}),
    'InvalidChangeBatch',
    "[Tried to create resource record set [name='www.example.com.', type='A'] but it already exists]",
  ],
  [
    'a CNAME at the apex',
    'CREATE',
    record({ Name: 'example.com', Type: 'CNAME', ResourceRecords: [{ Value: 'a.test' }] }),
    'InvalidChangeBatch',
    '[RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com.]',
  ],
  [
    'other values at a delete',
    'DELETE',
    record({ TTL: 61 }),
    'InvalidChangeBatch',
    "[Tried to delete resource record set [name='www.example.com.', type='A'] but the values provided do not match the current values]",
  ],
  [
    'a delete of a missing record',
    'DELETE',
    record({ Name: 'no.example.com' }),
    'InvalidChangeBatch',
    "[Tried to delete resource record set [name='no.example.com.', type='A'] but it was not found]",
  ],
  [
    'a primary without a check',
    'CREATE',
    record({ Name: 'p.example.com', SetIdentifier: 'p', Failover: 'PRIMARY' }),
    'InvalidChangeBatch',
    '[A non-alias primary ResourceRecordSet must have an associated health check]',
  ],
  [
    'a check that is not there',
    'CREATE',
    record({ Name: 'p.example.com', SetIdentifier: 'p', Failover: 'PRIMARY', HealthCheckId: 'gone' }),
    'InvalidChangeBatch',
    '[No health check exists with id: gone]',
  ],
  [
    'a routing that is not here',
    'CREATE',
    record({ Name: 'p.example.com', SetIdentifier: 'p', GeoLocation: { CountryCode: 'DE' } }),
    'InvalidInput',
    'The local cloud does not support GeoLocation',
  ],
];

test.each(refusals)(
  '%s is refused with the code of AWS, and changes nothing',
  async (_, action, set, code, message) => {
    const { dns, client } = await open();
    await assert.rejects(
      client.send(change(action, set)),
      (error: Error & { messages?: readonly string[] }) => {
        assert.deepEqual([error.name, error.message], [code, message]);
        return true;
      },
    );
    assert.deepEqual(await overUdp(dns.port, 'www.example.com'), ['192.0.2.1']);
  },
);

test('the API accepts weights that are all 0, as AWS does', async () => {
  const { client, dns } = await open();
  await client.send(change('CREATE', record({ Name: 'w.example.com', SetIdentifier: 'w', Weight: 0 })));
  assert.deepEqual(await overUdp(dns.port, 'w.example.com'), ['192.0.2.1']);
});

test('an inverted check moves the name, and test-dns-answer says the same as DNS', async () => {
  const { client, dns } = await open();
  const tested = async () => {
    const question = { HostedZoneId: ZONE, RecordName: 'iot.example.com', RecordType: 'CNAME' } as const;
    const { RecordData, ResponseCode } = await client.send(new TestDNSAnswerCommand(question));
    return [ResponseCode, ...RecordData!];
  };
  assert.deepEqual(await tested(), ['NOERROR', 'a.test']);
  await client.send(new UpdateHealthCheckCommand({ HealthCheckId: checkA, Inverted: true }));
  assert.deepEqual(await tested(), ['NOERROR', 'b.test']);
  assert.deepEqual(await overUdp(dns.port, 'iot.example.com', 'CNAME'), ['b.test']);
  await assert.rejects(client.send(new UpdateHealthCheckCommand({ HealthCheckId: checkA, Port: 80 })), {
    name: 'InvalidInput',
    message: 'The local cloud changes Inverted and Disabled only: Port is in the template',
  });
});

test('a check of a name that is not on this machine is never asked', async () => {
  const { client, clock } = await open();
  await clock.advance(120_000);
  const { HealthCheckObservations } = await client.send(
    new GetHealthCheckStatusCommand({ HealthCheckId: checkA }),
  );
  assert.deepEqual(HealthCheckObservations, []);
});

test('calls that are not supported are refused by name', async () => {
  const { client } = await open();
  await assert.rejects(client.send(new CreateHostedZoneCommand({ Name: 'a.test', CallerReference: 'x' })), {
    name: 'UnsupportedOperation',
    message:
      'The local cloud does not support CreateHostedZone: zones, health checks and their settings are in the template',
  });
  await assert.rejects(client.send(new GetHostedZoneCommand({ Id: 'Z0815' })), { name: 'NoSuchHostedZone' });
});

test('the AWS port of a stack forwards Route 53 calls, and names the command to start if no server answers', async () => {
  const { dns, dataDir } = await open();
  const route53 = createRoute53Forward({
    ...{ dataDir, dnsCommand: 'npm run dns --', log: silentLog },
    template: { file: 'template.yaml', ofType: () => [] },
  });
  const count = () => {};
  const port = await createAwsServer({
    host: '127.0.0.1',
    port: 0,
    services: { route53 },
    log: silentLog,
    count,
  });
  cleanup(() => port.close());
  const client = clientOf(port.url);
  await client.send(change('UPSERT', text));
  assert.equal(
    (await client.send(new ListHostedZonesCommand({}))).HostedZones![0]!.ResourceRecordSetCount,
    6,
  );
  await assert.rejects(client.send(new GetHostedZoneCommand({ Id: 'Z0815' })), { name: 'NoSuchHostedZone' });
  await dns.close();
  await assert.rejects(client.send(new ListHostedZonesCommand({})), {
    name: 'ServiceUnavailable',
    message: `Route 53 does not run: start it with npm run dns -- serve --data-dir ${dataDir}`,
  });
});

test('a second program on the same data is refused', async () => {
  const { dataDir } = await open();
  await assert.rejects(
    open(dataDir),
    /route53 is in use by process \d+: stop it, or choose another directory/,
  );
});

testIf(isInstalled('dig'), 'dig is not installed')(
  'dig reads the answers, with and without EDNS0 and over TCP',
  async () => {
    const { dns } = await open();
    const dig = async (...args: readonly string[]) => {
      const all = ['@127.0.0.1', '-p', String(dns.port), '+tries=1', '+time=5', ...args];
      return (await promisify(execFile)('dig', all)).stdout;
    };
    assert.equal(await dig('www.example.com', '+short'), '192.0.2.1\n');
    assert.equal(await dig('iot.example.com', 'CNAME', '+short', '+noedns'), 'a.test.\n');
    assert.equal((await dig('example.com', 'NS', '+short', '+tcp')).split('\n').length, 5);
    const absent = await dig('no.example.com', '+subnet=192.0.2.0/24');
    assert.match(absent, /status: NXDOMAIN/);
    assert.match(absent, /flags: qr aa rd;/);
    assert.match(absent, /CLIENT-SUBNET: 192\.0\.2\.0\/24\/0/);
    assert.match(absent, /^example\.com\.\s+900\s+IN\s+SOA\s/m);
    assert.doesNotMatch(absent, /malformed|Truncated|warning: [^r]/i);
  },
);
