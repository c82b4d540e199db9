// The web port with a broker behind it and the AWS port beside it, over the sample template, and browsers made of mqtt.js.

import path from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createAwsServer } from '../../aws/server.ts';
import { noMeter } from '../../cloudwatch/meter.ts';
import type { Clock, ManualClock } from '../../clock.ts';
import { createCounters, type Counters } from '../../counters.ts';
import { openIot, type Iot } from '../../iot/iot.ts';
import { openJournal } from '../../journal/journal.ts';
import type { Fields, Log } from '../../log.ts';
import { openMqtt, type Mqtt } from '../../mqtt/open.ts';
import { openBrowsers } from '../../web/browsers.ts';
import type { Web } from '../../web/server.ts';
import { provider } from '../cognito/cognito-fixture.ts';
import { loadSample, stackDefaults } from '../template/fixture.ts';
import { presign, type Keys } from './presign.ts';

export interface Issued extends Keys {
  readonly identityId: string;
}

export interface WebFixture {
  readonly iot: Iot;
  readonly mqtt: Mqtt;
  readonly web: Web;
  readonly counters: Counters;
  readonly logged: { level: string; message: string; fields: Fields }[];
  /** `ws://127.0.0.1:<port>` */
  readonly address: string;
  /** The reasons of refusals in the log, in order. */
  readonly reasons: () => string[];
  readonly guest: () => Promise<Issued>;
  readonly login: (user: string) => Promise<Issued>;
  /** New credentials of the same identity. */
  readonly renew: (identityId: string) => Promise<Issued>;
  readonly deliver: (topic: string, payload: string) => Promise<void>;
}

const own = 'cognito-identity.amazonaws.com';
const authorization =
  'AWS4-HMAC-SHA256 Credential=local/20261120/us-east-1/cognito-identity/aws4_request, SignedHeaders=host, Signature=00';

function createCaller(url: string) {
  return async (operation: string, input: object, signed = false): Promise<Record<string, unknown>> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AWSCognitoIdentityService.${operation}`,
        ...(signed ? { authorization } : {}),
      },
      body: JSON.stringify(input),
    });
    const body = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${operation}: ${JSON.stringify(body)}`);
    return body;
  };
}

function createBrowserCalls(url: string, poolId: string) {
  const call = createCaller(url);
  const renew = async (identityId: string, Logins: object = {}): Promise<Issued> => {
    const answer = await call('GetCredentialsForIdentity', { IdentityId: identityId, Logins });
    const issued = answer['Credentials'] as Record<string, string>;
    return {
      identityId,
      accessKeyId: issued['AccessKeyId']!,
      secretAccessKey: issued['SecretKey']!,
      sessionToken: issued['SessionToken']!,
    };
  };
  return {
    renew: (identityId: string) => renew(identityId),
    async guest() {
      const { IdentityId: identityId } = await call('GetId', { IdentityPoolId: poolId });
      return renew(String(identityId));
    },
    async login(user: string) {
      const input = { IdentityPoolId: poolId, Logins: { [provider]: user } };
      const vouched = await call('GetOpenIdTokenForDeveloperIdentity', input, true);
      return renew(String(vouched['IdentityId']), { [own]: vouched['Token'] });
    },
  };
}

function recordingLog(logged: WebFixture['logged']): Log {
  const write =
    (level: string) =>
    (message: string, fields: Fields = {}) =>
      void logged.push({ level, message, fields });
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

async function openBroker(
  dir: string,
  iot: Iot,
  deps: Pick<Parameters<typeof openMqtt>[0], 'clock' | 'log' | 'count' | 'authorize'>,
) {
  const journal = await openJournal({ dir: path.join(dir, 'journal'), ...deps });
  const rules = { match: () => [] };
  const mqtt = await openMqtt({ dir: path.join(dir, 'mqtt'), journal, rules, ...deps });
  await mqtt.hub.recover();
  const broker = await mqtt.listen({
    tls: { ...iot.ca.server, ca: iot.ca.certificatePem },
    hosts: ['127.0.0.1'],
    port: 0,
    identify: (certificate) => iot.identify(certificate),
  });
  return { journal, mqtt, broker };
}

export async function openWebFixture(clock: Clock): Promise<WebFixture> {
  const dir = temporaryFolder();
  const template = loadSample();
  const logged: WebFixture['logged'] = [];
  const counters = createCounters();
  const deps = { clock, log: recordingLog(logged), count: (name: string) => counters.count(name) };
  const iot = await openIot({ ...stackDefaults, ...deps, dir: path.join(dir, 'iot') });
  await iot.seed(template);
  const browsers = await openBrowsers({ ...deps, meter: noMeter, dataDir: dir, template, iot });
  const { journal, mqtt, broker } = await openBroker(dir, iot, { ...deps, authorize: browsers.authorize });
  const local = { host: '127.0.0.1', port: 0 };
  const web = await browsers.listen({
    ...local,
    broker,
    page: '',
    refusals: () => [],
    why: async () => ({}),
    status: () => ({ totals: {}, outputs: {} }),
  });
  const services = { 'cognito-identity': browsers.cognito };
  const aws = await createAwsServer({ ...local, ...deps, ...browsers.awsPort, services });
  cleanup(async () => {
    await web.close();
    await aws.close();
    const closed = broker.close();
    if ('advance' in clock) await (clock as ManualClock).advance(5_000); // lets go of clients that do not read
    await closed;
    await mqtt.close();
    await journal.close();
    await iot.close();
  });
  const poolId = template.ofType('AWS::Cognito::IdentityPool')[0]!.ref;
  return {
    ...{ iot, mqtt, web, counters, logged, ...createBrowserCalls(aws.url, poolId) },
    address: `ws://127.0.0.1:${web.port}`,
    reasons: () =>
      logged.flatMap(({ message, fields }) => (message === 'refused' ? [String(fields['reason'])] : [])),
    deliver: (topic, payload) =>
      mqtt.hub.publish({
        ...{ topic, payload: Buffer.from(payload), qos: 1, retain: false, clientId: 'fridge-1' },
        ...{ principal: '0'.repeat(64), sourceIp: '127.0.0.1', receivedAt: clock.now(), traceId: 'trace-1' },
      }),
  };
}

/** Connects once; rejects when the connection is not let in. */
export async function openBrowser(
  { address, at }: { address: string; at: number },
  keys: Issued | Keys,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const name = 'identityId' in keys ? keys.identityId : 'developer';
  const client = await connectAsync(
    await presign(address, keys, { at }),
    { clientId: `dashboard-${name}`, reconnectPeriod: 0, connectTimeout: 5_000, ...options },
    false,
  );
  client.on('error', () => {}); // a refusal shows as a closed connection; tests look at that
  cleanup(() => client.endAsync(true));
  return client;
}

/** Resolves with the first message of the client, as `<topic> <payload>`. */
export const nextMessage = (client: MqttClient) =>
  new Promise<string>((resolve) => {
    client.once('message', (topic, payload) => resolve(`${topic} ${payload.toString()}`));
  });

export const whenClosed = (client: MqttClient) =>
  new Promise<void>((resolve) => client.once('close', () => resolve()));
