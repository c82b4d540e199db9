// `npm run sim` and the demo fleet as they are run: over mutual TLS, against the local broker and the local IoT API.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createAwsServer } from '../../packages/local-cloud/aws/server.ts';
import { systemClock } from '../../packages/local-cloud/clock.ts';
import { createIotHandler } from '../../packages/local-cloud/iot/api.ts';
import { openCa } from '../../packages/local-cloud/iot/ca.ts';
import { createIdentity } from '../../packages/local-cloud/iot/identity.ts';
import { openRegistry } from '../../packages/local-cloud/iot/registry-file.ts';
import { seedRegistry } from '../../packages/local-cloud/iot/seed.ts';
import { openDataPlane } from '../../packages/local-cloud/iot-data/open.ts';
import { openJournal } from '../../packages/local-cloud/journal/journal.ts';
import { silentLog } from '../../packages/local-cloud/log.ts';
import type { Authorize } from '../../packages/local-cloud/mqtt/access.ts';
import type { InboundMessage } from '../../packages/local-cloud/mqtt/message.ts';
import { openMqtt } from '../../packages/local-cloud/mqtt/open.ts';
import type { Shadows } from '../../packages/local-cloud/shadow/service.ts';
import { loadTemplate } from '../../packages/local-cloud/template/load.ts';
import { cleanup } from '../support/cleanup.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';

const root = path.resolve(import.meta.dirname, '../..');
const host = '127.0.0.1';

interface Cloud {
  readonly dataDir: string;
  readonly received: InboundMessage[];
  readonly shadows: Shadows;
}

async function startCloud(): Promise<Cloud> {
  const dataDir = temporaryFolder();
  const received: InboundMessage[] = [];
  const [clock, log, count] = [systemClock, silentLog, () => {}];
  const [region, accountId] = ['us-east-1', '000000000000'];
  const template = loadTemplate({
    file: path.join(root, 'template.yaml'),
    samconfigFile: path.join(root, 'samconfig.toml'),
    environment: 'local',
    overrides: {},
    stackName: 'tidegate',
    region,
    accountId,
  });
  const dir = path.join(dataDir, 'iot');
  const ca = await openCa({ dir, clock });
  const registry = await openRegistry({ dir, region, accountId, clock, log });
  await seedRegistry(registry, template, ca);
  const identity = createIdentity(registry, ca);
  const journal = await openJournal({ dir: path.join(dataDir, 'journal'), log, clock });
  const rules = {
    match(message: InboundMessage) {
      if (message.topic.includes('telemetry/')) received.push(message);
      return [];
    },
  };
  const authorize: Authorize = (request) => identity.authorize(request);
  const mqtt = await openMqtt({
    dir: path.join(dataDir, 'mqtt'),
    journal,
    rules,
    authorize,
    clock,
    log,
    count,
  });
  const { hub, retained, clients } = mqtt;
  const disconnect = () => false;
  const data = { dir: path.join(dir, 'shadows'), hub, retained, clients, disconnect, authorize };
  const dataPlane = await openDataPlane({ ...data, clock, log, count });
  const broker = await mqtt.listen({
    tls: { ...ca.server, ca: ca.certificatePem },
    hosts: [host],
    port: 0,
    identify: (certificate) => identity.identify(certificate),
  });
  const services = { iot: createIotHandler({ ca, registry, domains: [] }, log) };
  const server = await createAwsServer({ host, port: 0, services, log, count });
  const endpoints = {
    mqtt: `mqtts://${host}:${broker.port}`,
    aws: server.url,
    web: server.url,
    ca: ca.certificateFile,
    outputs: {},
  };
  await writeFile(path.join(dataDir, 'endpoints.json'), JSON.stringify(endpoints));
  cleanup(async () => {
    await broker.close();
    await dataPlane.close();
    await mqtt.close();
    await server.close();
    await journal.close();
    await registry.close();
  });
  return { dataDir, received, shadows: dataPlane.shadows };
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const program = path.join(root, 'device-sim/sim.ts');

function sim(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

const idsOf = (messages: readonly InboundMessage[]) =>
  messages.flatMap(({ topic, payload }) => {
    const message = JSON.parse(payload.toString()) as { id: string; readings?: { id: string }[] };
    return (message.readings ?? [message]).map(({ id }) => `${topic} ${id}`);
  });

test('makes a fleet of its own, publishes every reading of its plan, and uses the fleet again', async () => {
  const { dataDir, received } = await startCloud();
  const flags = ['--local', '--data-dir', dataDir, '--devices', '4', '--rate', '100', '--count', '30'];
  const first = await sim(...flags, '--pack', '4', '--duplicates', '0.2', '--reorder', '0.2', '--jitter');
  assert.equal(first.code, 0, first.err);
  assert.match(first.err, /^sent \d+ messages with \d+ readings in [\d.]+ s, \d+ of them duplicates$/m);
  assert.match(first.err, /^acknowledged \d+, failed 0, reconnects 0$/m);
  assert.match(first.err, /in the median, .* at the 99th percentile/);
  assert.equal(new Set(idsOf(received)).size, 120);
  assert.ok(received.every(({ topic, clientId }) => topic === `telemetry/sim/${clientId}`));
  const keys = (await readdir(path.join(dataDir, 'sim'))).filter((file) => file.endsWith('.pem'));
  assert.equal(keys.length, 8);
  assert.equal((await stat(path.join(dataDir, 'sim', 'sim-1.key.pem'))).mode & 0o777, 0o600);

  received.length = 0;
  const second = await sim(...flags, '--basic-ingest', '--site', 'plant', '--pattern', 'csv');
  assert.equal(second.code, 0, second.err);
  assert.doesNotMatch(second.err, /devices made/);
  assert.equal(new Set(idsOf(received)).size, 120);
  assert.ok(received.every(({ topic }) => topic.startsWith('$aws/rules/TelemetryRule/telemetry/plant/sim-')));
});

test('stops cleanly on SIGINT after messages in flight are acknowledged', async () => {
  const { dataDir, received } = await startCloud();
  const child = spawn(process.execPath, [
    program,
    '--local',
    '--data-dir',
    dataDir,
    '--devices',
    '2',
    '--rate',
    '50',
  ]);
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  await eventually('twenty messages', () => received.length > 20);
  child.kill('SIGINT');
  const code = await new Promise((resolve) => child.once('exit', resolve));
  assert.equal(code, 0, err);
  const [, acknowledged] = /^acknowledged (\d+), failed 0/m.exec(err) ?? [];
  assert.equal(Number(acknowledged), received.length);
});

test('obeys the sample rate and setpoint that its shadow desires, and reports them back', async () => {
  const { dataDir, received, shadows } = await startCloud();
  const id = { thingName: 'sim-1' };
  const desire = (desired: object) => shadows.update(id, Buffer.from(JSON.stringify({ state: { desired } })));
  const shadow = async () =>
    JSON.parse(await shadows.get(id)) as { state: { reported?: object; delta?: object } };
  const child = spawn(process.execPath, [program, '--local', '--data-dir', dataDir, '--devices', '1']);
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const reported = async () => {
    await sleep(200); // one shadow takes twenty requests a second
    return (await shadow().catch(() => undefined))?.state.reported;
  };
  const isReported = async (wanted: object) => JSON.stringify(await reported()) === JSON.stringify(wanted);
  await eventually('the first report', () => isReported({ sampleRate: 1, setpoint: 4 }));

  await desire({ sampleRate: 50, setpoint: 20, colour: 'red' });
  await eventually('the report of what was desired', () => isReported({ sampleRate: 50, setpoint: 20 }));
  assert.deepEqual((await shadow()).state.delta, { colour: 'red' });
  received.length = 0;
  await eventually('thirty readings at fifty a second', () => received.length > 30);
  const last = JSON.parse(received.at(-1)!.payload.toString()) as { temperature: number };
  assert.ok(last.temperature > 17 && last.temperature < 23, String(last.temperature));

  await desire({ sampleRate: -1 });
  await eventually('the complaint', () => err.includes('desired sampleRate -1'));
  assert.ok(await isReported({ sampleRate: 50, setpoint: 20 }));
  child.kill('SIGINT');
  assert.equal(await new Promise((resolve) => child.once('exit', resolve)), 0, err);
});

test('leaves the shadow alone with --no-shadow', async () => {
  const { dataDir, shadows } = await startCloud();
  const { code, err } = await sim(
    '--local',
    '--data-dir',
    dataDir,
    '--devices',
    '1',
    '--count',
    '1',
    '--no-shadow',
  );
  assert.equal(code, 0, err);
  await assert.rejects(shadows.get({ thingName: 'sim-1' }), /No shadow exists/);
});

test('reports in one line what is missing, and the remedy', async () => {
  const { dataDir } = await startCloud();
  const nowhere = temporaryFolder();
  const dead = {
    mqtt: 'mqtts://127.0.0.1:1',
    aws: 'http://127.0.0.1:1',
    web: 'http://127.0.0.1:1',
    ca: path.join(dataDir, 'iot'),
    outputs: {},
  };
  const cases: readonly [string[], RegExp][] = [
    [
      ['--local', '--data-dir', path.join(dataDir, 'none')],
      /^Tidegate is not running in .*none: run npm start first/,
    ],
    [['--local', '--data-dir', nowhere], /^.*endpoints\.json .*: run npm start again$/],
    [['--local', '--devices', 'x'], /^--devices x: must be/],
    [
      ['--local', '--data-dir', dataDir, '--out', program],
      /sim\.ts cannot be written \(EEXIST\): choose another/,
    ],
    [
      ['--local', '--data-dir', dataDir, '--out', '/proc/tidegate'],
      /^\/proc\/tidegate cannot be written \(ENOENT\)/,
    ],
  ];
  await writeFile(path.join(nowhere, 'endpoints.json'), JSON.stringify(dead).slice(0, -5));
  for (const [args, message] of cases) {
    const { code, err } = await sim(...args);
    assert.match(err.trimEnd(), message);
    assert.equal(err.trimEnd().includes('\n'), false, err);
    assert.equal(code, 1);
  }
  const ca = (await readdir(path.join(dataDir, 'iot'))).find((name) => name.endsWith('.pem'))!;
  await writeFile(
    path.join(nowhere, 'endpoints.json'),
    JSON.stringify({ ...dead, ca: path.join(dataDir, 'iot', ca) }),
  );
  const { code, err } = await sim('--local', '--data-dir', nowhere);
  assert.match(err, /: run npm start first, or name its folder with --data-dir\n$/);
  assert.equal(code, 1);
});

test('runs the five fridges of the demo in a thread until stopped', async () => {
  const { dataDir, received } = await startCloud();
  const worker = new Worker(path.join(root, 'device-sim/demo.ts'), { workerData: { dataDir } });
  const errors: unknown[] = [];
  worker.on('error', (error) => errors.push(error));
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  const devices = () => new Set(received.map(({ topic }) => topic));
  await eventually('two rounds of five fridges', () => devices().size === 5 && received.length >= 10);
  assert.deepEqual(
    [...devices()].toSorted(),
    [1, 2, 3, 4, 5].map((n) => `telemetry/seattle/demo-fridge-${n}`),
  );
  for (const { payload } of received) {
    const { temperature } = JSON.parse(payload.toString()) as { temperature: number };
    assert.ok(temperature > 2 && temperature < 6, String(temperature));
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
  worker.postMessage('stop');
  assert.equal(await exited, 0);
  assert.deepEqual(errors, []);
});

test('ends the demo thread with an error without a local cloud', async () => {
  const worker = new Worker(path.join(root, 'device-sim/demo.ts'), { workerData: { dataDir: '/nowhere' } });
  const error = await new Promise<Error>((resolve) => worker.once('error', resolve));
  assert.match(error.message, /^Tidegate is not running in \/nowhere/);
});
