// Starts, kills, freezes and restarts the stack under test as a process with one data directory.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Mode } from './options.ts';

const root = path.resolve(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  scripts: { start: string };
};
/** The arguments that `npm start` passes to node. */
const program = scripts.start.replace(/^.*exec node /, '').split(' ');
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 120_000;
const OUTPUT_KEPT = 200_000;
const OUTPUT_SHOWN = 1_000;

export interface Endpoints {
  readonly mqtt: string;
  readonly aws: string;
  readonly web: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** How a start differs from the usual one. */
export interface Surroundings {
  /** The limit of open files. */
  readonly descriptors?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Stack {
  readonly dataDir: string;
  /** The port that devices connect to; the last known one while the stack is down. */
  readonly mqttPort: () => number;
  readonly endpoints: () => Endpoints;
  readonly pid: () => number;
  /** Resolves at the line `ready`. @throws Error with the end of the output if that line does not appear */
  start(surroundings?: Surroundings): Promise<void>;
  /** Starts it and kills it after this many milliseconds, ready or not. */
  startAndKill(afterMs: number): Promise<void>;
  kill(): Promise<void>;
  /** Sends SIGTERM, and SIGKILL if that takes too long. Returns the exit code or the signal's name. */
  stop(): Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
  /** The end of its output since its start. */
  lastOutput(): string;
}

export interface Ports {
  readonly mqtt: number;
  readonly aws: number;
  readonly web: number;
}

/** The ports differ at each start. */
const ANY_PORTS: Ports = { mqtt: 0, aws: 0, web: 0 };

/** Resolves at the line `ready`; rejects with the end of the output when it does not come. */
async function untilReady(launched: ChildProcess, output: () => string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (what: string) => reject(new Error(`npm start ${what}:\n${output().slice(-4000)}`));
    const limit = setTimeout(() => fail(`was not ready in ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS);
    launched.once('exit', (code, signal) => {
      clearTimeout(limit);
      fail(`ended with ${code ?? signal}`);
    });
    launched.stdout?.on('data', () => {
      if (!/^ready /m.test(output())) return;
      clearTimeout(limit);
      resolve();
    });
  });
}

function argsOf(dataDir: string, mode: Mode, parameters: readonly string[], ports: Ports): string[] {
  const overrides = [
    ...parameters,
    ...(mode === 'stream' ? ['IngestMode=stream', 'StreamShards=2', 'StreamBatchingSeconds=1'] : []),
  ];
  return [
    ...['--no-demo', '--data-dir', dataDir],
    ...Object.entries(ports).flatMap(([name, port]) => [`--${name}-port`, String(port)]),
    ...overrides.flatMap((parameter) => ['--parameter-overrides', parameter]),
  ];
}

/** Runs the program with these arguments. */
function spawnProgram(args: readonly string[], { descriptors, env }: Surroundings) {
  const shell = descriptors === undefined ? ':' : `ulimit -n ${descriptors}`;
  return spawn('sh', ['-c', `${shell} && exec "$0" "$@"`, process.execPath, ...program, ...args], {
    cwd: root,
    env: { ...process.env, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The exit code or the signal's name, once the process has ended. */
async function endOf(child: ChildProcess | undefined): Promise<number | string> {
  if (!child) return 0;
  const { exitCode, signalCode } = child;
  if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode!;
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal!;
}

/** The process that was launched last, and the end of its output. */
function createProcess(args: readonly string[]) {
  let child: ChildProcess | undefined;
  let output = '';
  process.on('exit', () => child?.kill('SIGKILL'));

  function launch(surroundings: Surroundings) {
    output = '';
    const launched = spawnProgram(args, surroundings);
    for (const stream of [launched.stdout, launched.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-OUTPUT_KEPT)));
    }
    child = launched;
    return launched;
  }

  return { launch, child: () => child, output: () => output };
}

export function createStack(
  dataDir: string,
  mode: Mode,
  parameters: readonly string[],
  ports = ANY_PORTS,
): Stack {
  let endpoints: Endpoints | undefined;
  const { launch, child, output } = createProcess(argsOf(dataDir, mode, parameters, ports));

  return {
    dataDir,
    mqttPort: () => (endpoints ? Number(new URL(endpoints.mqtt).port) : 0),
    endpoints: () => endpoints!,
    pid: () => child()?.pid ?? 0,

    async start(surroundings = {}) {
      const launched = launch(surroundings);
      await untilReady(launched, output);
      endpoints = JSON.parse(readFileSync(path.join(dataDir, 'endpoints.json'), 'utf8')) as Endpoints;
    },

    async startAndKill(afterMs) {
      launch({});
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      child()!.kill('SIGKILL');
      await endOf(child());
    },

    async kill() {
      child()?.kill('SIGKILL');
      await endOf(child());
    },

    async stop() {
      const patience = setTimeout(() => child()?.kill('SIGKILL'), STOP_LIMIT_MS);
      child()?.kill('SIGTERM');
      const code = await endOf(child());
      clearTimeout(patience);
      return code;
    },

    signal: (signal) => void child()?.kill(signal),
    lastOutput: () => output().slice(-OUTPUT_SHOWN),
  };
}
