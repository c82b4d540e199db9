// Starts `npm start` for a measurement and reads its process statistics from the operating system.

import { spawn, execFile, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeDevice } from '../device-sim/new-device.ts';
import { openTarget } from '../device-sim/target.ts';

const root = path.resolve(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  scripts: { start: string };
};
/** As npm runs it: with the environment that the script sets, by the Node that is installed. */
const shell = {
  ...process.env,
  PATH: [path.join(root, 'node_modules/.bin'), process.env['PATH']].join(path.delimiter),
};
const run = promisify(execFile);
/** The unit of processor times in /proc, which Linux fixes. */
const TICKS_PER_SECOND = 100;

export interface BenchStack {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly endpoints: { mqtt: string; aws: string; web: string; ca: string; outputs: Record<string, string> };
  /** Milliseconds from spawning the program to its line `ready`. */
  readonly startMilliseconds: number;
  /** Running totals, as on the status page. */
  totals(): Promise<Record<string, number>>;
  /** Resident set size in MiB: now, and the highest so far. */
  memory(): { now: number; peak: number };
  /** Processor time in seconds, of all threads since the start. */
  processorSeconds(): number;
  stop(): Promise<void>;
}

const folders: string[] = [];
const children = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `tidegate-bench-${name}-`));
  folders.push(folder);
  return folder;
}

/** A child that does not outlive the measurement. */
export function spawnChild(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, options);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Resolves at the line `ready`, with the milliseconds since `began`. */
async function untilReady(child: ChildProcess, began: number): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}`)));
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      if (/^ready /m.test(text)) resolve(performance.now() - began);
    });
  });
}

/** Reads what Linux counts about a process. */
function createProcessStatistics(pid: number | undefined): Pick<BenchStack, 'memory' | 'processorSeconds'> {
  const mebibytes = (status: string, field: string) =>
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return {
    memory() {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return { now: mebibytes(status, 'VmRSS'), peak: mebibytes(status, 'VmHWM') };
    },
    processorSeconds() {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
  };
}

/** `parameters` override those of the template, each as `Key=Value`. A login needs a `webPort` chosen in advance. */
export async function startStack(
  dataDir = temporaryFolder('data'),
  parameters: readonly string[] = [],
  webPort = 0,
  { demo = false } = {},
): Promise<BenchStack> {
  const began = performance.now();
  const ports = ['--mqtt-port', '0', '--aws-port', '0', '--web-port', String(webPort)];
  const overrides = parameters.flatMap((parameter) => ['--parameter-overrides', parameter]);
  const args = [...(demo ? [] : ['--no-demo']), '--data-dir', dataDir, ...ports, ...overrides];
  const child = spawnChild('sh', ['-c', `${scripts.start} "$@"`, 'npm start', ...args], {
    cwd: root,
    env: shell,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const startMilliseconds = await untilReady(child, began);
  const endpoints = JSON.parse(
    readFileSync(path.join(dataDir, 'endpoints.json'), 'utf8'),
  ) as BenchStack['endpoints'];
  return {
    ...createProcessStatistics(child.pid),
    child,
    dataDir,
    endpoints,
    startMilliseconds,
    async totals() {
      const status = (await (await fetch(`${endpoints.web}/status.json`)).json()) as {
        totals: Record<string, number>;
      };
      return status.totals;
    },
    async stop() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Creates the devices `bench-1` ... `bench-<count>` and returns the folder of their certificates. */
export async function createDevices(dataDir: string, count: number): Promise<string> {
  const folder = temporaryFolder('certs');
  const target = openTarget({ local: true, dataDir });
  writeFileSync(path.join(folder, 'ca.pem'), target.ca);
  for (let n = 1; n <= count; n += 1) {
    const name = `bench-${n}`;
    const made = await makeDevice(target, { name, group: 'Seattle', site: 'bench' });
    writeFileSync(path.join(folder, `${name}.cert.pem`), made.certificatePem);
    writeFileSync(path.join(folder, `${name}.key.pem`), made.keyPem, { mode: 0o600 });
  }
  target.close();
  return folder;
}

/** Runs the load in its own process, so that it does not share a thread with what it measures. */
export async function loadFrom(url: string, folder: string, devices: number, messages: number) {
  const args = [path.join(root, 'bench/load.ts'), url, folder, String(devices), String(messages)];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout) as { messages: number; seconds: number };
}
