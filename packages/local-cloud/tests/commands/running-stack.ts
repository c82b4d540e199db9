// Starts a program of the local cloud on free ports, as a person does, and talks to it as its users do.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { IoTClient } from '@aws-sdk/client-iot';
import { connectAsync, type MqttClient } from 'mqtt';
import { eventually } from '../../../../tests/support/waiting.ts';
import type { Endpoints } from '../../endpoints.ts';
import { makeDevice } from '../iot/device-fixture.ts';

export const cli = path.resolve(import.meta.dirname, '../../cli.ts');

export interface RunningStack {
  readonly endpoints: Endpoints;
  readonly output: () => string;
  /** Sends the signal and resolves to the exit code, or the signal's name where it killed the process. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

const folders: string[] = [];
const children: ChildProcess[] = [];

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** `program` and its arguments, in `cwd`; the data directory is `dataDir` below it. */
export async function startProgram(
  program: readonly string[],
  { cwd, dataDir = '.local-cloud', webPort = 0 }: { cwd: string; dataDir?: string; webPort?: number },
): Promise<RunningStack> {
  const ports = ['--mqtt-port', '0', '--aws-port', '0', '--web-port', String(webPort)];
  const child = spawn(process.execPath, [...program, ...ports], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
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
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${output}`);
      return /^ready /m.test(output);
    },
    60_000,
  );
  return {
    endpoints: JSON.parse(readFileSync(path.join(cwd, dataDir, 'endpoints.json'), 'utf8')) as Endpoints,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      child.ref();
      child.kill(signal);
      const [code, killedBy] = await exited;
      return code ?? killedBy ?? -1;
    },
  };
}

/** Settings for any AWS SDK client that is to talk to the stack. */
export const clientSettings = ({ endpoints }: RunningStack) => ({
  region: 'us-east-1',
  endpoint: endpoints.aws,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

/** A device of its own, connected over mutual TLS; `policy` is one of the stack. */
export async function connectDevice(stack: RunningStack, thing: string, policy: string): Promise<MqttClient> {
  const iot = new IoTClient(clientSettings(stack));
  const { keyPem, certificatePem } = await makeDevice(iot, { thing, policy });
  iot.destroy();
  return connectAsync(stack.endpoints.mqtt, {
    clientId: thing,
    ca: readFileSync(stack.endpoints.ca),
    cert: certificatePem,
    key: keyPem,
    reconnectPeriod: 0,
  });
}
