// Starts the real `npm start` program on free ports for the end-to-end tests, and talks to it as its users do.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { DynamoDBClient, QueryCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { keepRecordedCalls, refusedCalls } from './recorded-calls.ts';
import { eventually } from '../support/waiting.ts';

export const root = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

export interface Endpoints {
  mqtt: string;
  aws: string;
  web: string;
  ca: string;
  outputs: Record<string, string>;
}

export interface Tidegate {
  readonly pid: number;
  readonly dataDir: string;
  readonly endpoints: Endpoints;
  readonly output: () => string;
  /**
   * Sends the signal and resolves to the exit code, or the signal's name where it killed the process. Throws if a role of
   * the template refused a call of a function.
   */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

const noCredentials = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: '' };

/** Runs a program of this repository to its end. */
export async function runScript(
  script: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, [path.join(root, script), ...args], {
      cwd: root,
      env: { ...process.env, ...noCredentials, ...env },
      timeout: 60_000,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const failed = error as { code?: number; stdout?: string; stderr?: string };
    return { code: failed.code ?? -1, stdout: failed.stdout ?? '', stderr: failed.stderr ?? String(error) };
  }
}

let stacks = 0;

/** `shell` runs before the program in its process: `ulimit -n 256` and the like. `checkout`: whose local.ts it is. */
export async function startTidegate(
  dataDir: string,
  args: readonly string[] = ['--no-demo'],
  env: Record<string, string> = {},
  shell = ':',
  checkout = root,
): Promise<Tidegate> {
  const ports = ['--mqtt-port', '0', '--aws-port', '0', '--web-port', '0'];
  const program = [process.execPath, path.join(checkout, 'local.ts'), '--data-dir', dataDir];
  const child = spawn('sh', ['-c', `${shell}; exec "$0" "$@"`, ...program, ...ports, ...args], {
    cwd: checkout,
    env: { ...process.env, ...noCredentials, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  stacks += 1;
  const stack = stacks;
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  // A failed test must not wait for a program that nobody stops any more.
  child.unref();
  for (const stream of [child.stdout, child.stderr] as Socket[]) stream.unref();
  await eventually(
    'the line `ready`',
    () => {
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:\n${output}`);
      return /^ready /m.test(output);
    },
    60_000,
  );
  return {
    pid: child.pid!,
    dataDir,
    endpoints: JSON.parse(readFileSync(path.join(dataDir, 'endpoints.json'), 'utf8')) as Endpoints,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      child.ref();
      child.kill(signal);
      const patience = setTimeout(() => child.kill('SIGABRT'), 60_000);
      const [code, killedBy] = await exited;
      clearTimeout(patience);
      keepRecordedCalls(dataDir, stack);
      const refused = refusedCalls(dataDir);
      if (refused.length > 0) throw new Error(`roles of the template refused calls: ${refused.join('; ')}`);
      return code ?? killedBy ?? -1;
    },
  };
}

/** Onboards `name` through the command a user types; its files are `<out>/<name>.cert.pem` and so on. */
export async function createDevice(tidegate: Tidegate, name: string, out: string): Promise<void> {
  const flags = ['--type', 'sensor', '--group', 'Seattle', '--attr', 'city=Seattle'];
  const place = ['--out', out, '--local', '--data-dir', tidegate.dataDir];
  const { code, stderr } = await runScript('device-sim/device.ts', ['create', name, ...flags, ...place]);
  if (code !== 0) throw new Error(`device create ${name} ended with ${code}: ${stderr}`);
}

/** One attempt; rejects when the broker closes the connection instead of accepting it. */
export function connectOnce(tidegate: Tidegate, options: IClientOptions): Promise<MqttClient> {
  return connectAsync(
    tidegate.endpoints.mqtt,
    { clean: true, reconnectPeriod: 0, connectTimeout: 10_000, ...options },
    false,
  );
}

export async function connectDevice(
  tidegate: Tidegate,
  name: string,
  folder: string,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const client = await connectOnce(tidegate, {
    clientId: name,
    ca: readFileSync(path.join(folder, 'ca.pem')),
    cert: readFileSync(path.join(folder, `${name}.cert.pem`)),
    key: readFileSync(path.join(folder, `${name}.key.pem`)),
    ...options,
  });
  client.on('error', () => {}); // a refusal shows as a closed connection; tests look at that
  return client;
}

export const whenClosed = (client: MqttClient) =>
  new Promise<void>((resolve) => client.once('close', () => resolve()));

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Settings for any AWS SDK client that is to talk to the running stack. */
export function clientSettings(tidegate: Tidegate) {
  return { region: 'us-east-1', endpoint: tidegate.endpoints.aws, credentials };
}

export async function queryWindows(
  tidegate: Tidegate,
  deviceId: string,
): Promise<Record<string, AttributeValue>[]> {
  const client = new DynamoDBClient(clientSettings(tidegate));
  try {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tidegate.endpoints.outputs['WindowsTable']!,
        KeyConditionExpression: 'deviceId = :d',
        ExpressionAttributeValues: { ':d': { S: deviceId } },
        ConsistentRead: true,
      }),
    );
    return Items;
  } finally {
    client.destroy();
  }
}

/** Every file below a bucket's folder, as a person with a file manager sees it. */
export function filesOf(tidegate: Tidegate, bucketOutput: string): string[] {
  const folder = path.join(tidegate.dataDir, 's3', tidegate.endpoints.outputs[bucketOutput]!);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** All archived messages, parsed from newline-delimited JSON. */
export function archivedMessages(tidegate: Tidegate): Record<string, unknown>[] {
  const isRaw = (file: string) => file.includes('/raw/');
  return filesOf(tidegate, 'RawBucket')
    .filter(isRaw)
    .flatMap((file) => {
      const bytes = readFileSync(file);
      const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    });
}
