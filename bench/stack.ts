// Starts `npm start` for a measurement and reads what the operating system says about it.
import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '..');
const run = promisify(execFile);

export interface BenchStack {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly endpoints: { mqtt: string; aws: string; web: string; ca: string; outputs: Record<string, string> };
  /** Milliseconds from spawning the program to its line `ready`. */
  readonly startMilliseconds: number;
  /** Running totals, as the status page shows them. */
  totals(): Promise<Record<string, number>>;
  /** Resident set size in MiB: now, and the highest so far. */
  memory(): { now: number; peak: number };
  stop(): Promise<void>;
}

export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `tidegate-bench-${name}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function startStack(dataDir = temporaryFolder('data')): Promise<BenchStack> {
  const began = performance.now();
  const ports = ['--mqtt-port', '0', '--aws-port', '0', '--web-port', '0'];
  const child = spawn(
    process.execPath,
    [path.join(root, 'local/main.ts'), '--no-demo', '--data-dir', dataDir, ...ports],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  process.on('exit', () => child.kill('SIGKILL'));
  const startMilliseconds = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}`)));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (/^ready /m.test(text)) resolve(performance.now() - began);
    });
  });
  const endpoints = JSON.parse(
    readFileSync(path.join(dataDir, 'endpoints.json'), 'utf8'),
  ) as BenchStack['endpoints'];
  const mebibytes = (status: string, field: string) =>
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return {
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
    memory() {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return { now: mebibytes(status, 'VmRSS'), peak: mebibytes(status, 'VmHWM') };
    },
    async stop() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Makes the certificates of `bench-1` ... `bench-<count>` through the onboarding command. */
export async function createDevices(dataDir: string, count: number): Promise<string> {
  const folder = temporaryFolder('certs');
  for (let n = 1; n <= count; n += 1) {
    const place = ['--out', folder, '--local', '--data-dir', dataDir];
    await run(process.execPath, [
      path.join(root, 'device-sim/device.ts'),
      'create',
      `bench-${n}`,
      '--type',
      'sensor',
      '--group',
      'Seattle',
      ...place,
    ]);
  }
  return folder;
}

/** Runs the load in a process of its own, so that it does not share a thread with what it measures. */
export async function loadFrom(url: string, folder: string, devices: number, messages: number) {
  const args = [path.join(root, 'bench/load.ts'), url, folder, String(devices), String(messages)];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout) as { messages: number; seconds: number };
}
