// Processor time of the ingest functions alone, as SAM builds them: a loop over recorded events, whose requests to DynamoDB are
// answered within the process by tables in memory, whose own time is taken off.
// node bench/handlers.ts [--messages 20000] [--devices 100] [--rounds 3]

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { openEngine, type Engine } from '../packages/local-cloud/dynamodb/engine.ts';
import { serveDirectly } from '../packages/local-cloud/dynamodb/serve-directly.ts';
import { IN_MEMORY } from '../packages/local-cloud/dynamodb/store/database.ts';
import { tableOf } from '../packages/local-cloud/dynamodb/table.ts';
import { bundleFunctions } from '../packages/local-cloud/lambda/bundle.ts';
import { requestTablesDirectly } from '../packages/local-cloud/lambda/table-requests.ts';
import { functionsOf } from '../packages/local-cloud/template/functions.ts';
import { loadTemplate } from '../packages/local-cloud/template/load.ts';

const ROOT = path.join(import.meta.dirname, '..');
const ENDPOINT = 'http://127.0.0.1:1';
const WINDOW_MS = 10_000;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    devices: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
  },
});
const [messages, devices, rounds] = [values.messages, values.devices, values.rounds].map(Number) as [
  number,
  number,
  number,
];

type Handler = (event: unknown, context: object) => Promise<unknown>;
interface Recorded {
  readonly deviceId: string;
  readonly receivedAt: number;
}

const template = loadTemplate({
  ...{ file: path.join(ROOT, 'template.yaml'), samconfigFile: path.join(ROOT, 'samconfig.toml') },
  ...{ environment: 'local', overrides: { IngestMode: 'stream' }, stackName: 'tidegate' },
  ...{ region: 'us-east-1', accountId: '000000000000' },
});
const specs = functionsOf(template);
const specOf = (logicalId: string) => specs.find((spec) => spec.logicalId === logicalId)!;
const recorded = JSON.parse(readFileSync(path.join(ROOT, 'events/ingest.json'), 'utf8')) as object;

/** One reading a second of each device in turn, as the rule passes it on; the sample event with other values. */
function eventsOf(round: number): Recorded[] {
  const share = Math.ceil(messages / devices);
  const span = Math.ceil((share * 1_000) / WINDOW_MS) * WINDOW_MS;
  const start = Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS - (round + 1) * span;
  return Array.from({ length: share * devices }, (_, n) => {
    const [device, second] = [n % devices, Math.floor(n / devices)];
    const timestamp = start + second * 1_000;
    const deviceId = `bench-${device}`;
    const reading = { id: `${deviceId}-${round}-${second}`, timestamp, temperature: 3 + (second % 40) / 10 };
    const traceId = `${round}-${n}`;
    return { ...recorded, ...reading, deviceId, clientId: deviceId, traceId, receivedAt: timestamp + 500 };
  });
}

/** A batch of the stream: all messages of ten seconds, as one shard passes them on. */
function batchesOf(events: readonly Recorded[]): object[] {
  const size = devices * (WINDOW_MS / 1_000);
  return Array.from({ length: Math.ceil(events.length / size) }, (_, batch) => ({
    Records: events.slice(batch * size, (batch + 1) * size).map((event, n) => ({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: event.deviceId,
        sequenceNumber: String(batch * size + n + 1),
        data: Buffer.from(JSON.stringify(event)).toString('base64'),
        approximateArrivalTimestamp: event.receivedAt / 1_000,
      },
      eventSource: 'aws:kinesis',
      eventID: `shardId-000000000000:${batch * size + n + 1}`,
    })),
  }));
}

const tables = { requests: 0, processorMs: 0 };

function openTables(): void {
  const engine = openEngine({ file: IN_MEMORY, region: 'us-east-1', accountId: '000000000000' });
  for (const resource of template.ofType('AWS::DynamoDB::Table'))
    engine.answer('CreateTable', JSON.stringify(tableOf(resource)), ({ status, body }) => {
      if (status !== 200) throw new Error(body);
    });
  const { port1, port2 } = new MessageChannel();
  const answer: Engine['answer'] = (operation, body, done) => {
    const before = process.threadCpuUsage();
    engine.answer(operation, body, done);
    const { user, system } = process.threadCpuUsage(before);
    tables.requests += 1;
    tables.processorMs += (user + system) / 1_000;
  };
  serveDirectly(port2, answer, () => {});
  requestTablesDirectly({ endpoint: ENDPOINT, port: port1 });
}

async function load(logicalId: string, buildDir: string): Promise<Handler> {
  const spec = specOf(logicalId);
  const bundles = await bundleFunctions([spec], buildDir);
  Object.assign(process.env, spec.environment, {
    ...{ AWS_ENDPOINT_URL: ENDPOINT, AWS_REGION: 'us-east-1', AWS_LAMBDA_FUNCTION_NAME: spec.name },
    ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  });
  const module = (await import(bundles.get(logicalId)!.file)) as { readonly handler: Handler };
  return module.handler;
}

const context = {
  ...{ functionName: 'bench', awsRequestId: 'bench', memoryLimitInMB: '512', functionVersion: '$LATEST' },
  getRemainingTimeInMillis: () => 30_000,
};

/** Handlers print metrics and log lines, which are for CloudWatch. */
async function silently<T>(work: () => Promise<T>): Promise<T> {
  const { stdout } = process;
  stdout.write = () => true; // hides that of the prototype
  try {
    return await work();
  } finally {
    Reflect.deleteProperty(stdout, 'write');
  }
}

interface Measured {
  readonly handlerMs: number;
  readonly requests: number;
}

async function measure(handler: Handler, events: readonly unknown[], count: number): Promise<Measured> {
  Object.assign(tables, { requests: 0, processorMs: 0 });
  const before = process.cpuUsage();
  await silently(async () => {
    for (const event of events) await handler(event, context);
  });
  const { user, system } = process.cpuUsage(before);
  const handlerMs = (user + system) / 1_000 - tables.processorMs;
  return { handlerMs: handlerMs / count, requests: tables.requests / count };
}

async function report(name: string, handler: Handler, eventsIn: (round: number) => readonly unknown[]) {
  for (let round = 0; round < rounds; round += 1) {
    const { handlerMs, requests } = await measure(handler, eventsIn(round), messages);
    console.log(
      `${name}, round ${round + 1}: ${handlerMs.toFixed(3)} ms of processor time a message, ${requests.toFixed(2)} requests`,
    );
  }
}

openTables();
const folder = mkdtempSync(path.join(tmpdir(), 'handlers-'));
try {
  await report('direct', await load('IngestFunction', folder), eventsOf);
  await report('stream', await load('IngestStreamFunction', folder), (round) =>
    batchesOf(eventsOf(rounds + round)),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
