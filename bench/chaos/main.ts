// npm run chaos: runs the stack under a fleet and seeded faults, and checks each promise of docs/reliability.md.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mountDisk } from './disk.ts';
import { parseOptions, USAGE, UsageError, type ChaosOptions } from './options.ts';
import { hasPassed, progress, repeatLine, reportText } from './report.ts';
import { runChaos } from './run.ts';

/** Undefined if only the usage was printed. */
function readOptions(): ChaosOptions | undefined {
  try {
    const found = parseOptions(process.argv.slice(2));
    if (!found) console.log(USAGE);
    return found;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function main(options: ChaosOptions): Promise<void> {
  const disk = mountDisk();
  const scratch = disk?.folder ?? mkdtempSync(path.join(tmpdir(), 'tidegate-chaos-'));
  const dataDir = path.join(scratch, 'data');
  /** Copies the data directory from memory to disk. */
  const keep = () => {
    const kept = path.resolve(options.dataDir ?? mkdtempSync(path.join(tmpdir(), 'tidegate-chaos-kept-')));
    cpSync(dataDir, kept, { recursive: true });
    return kept;
  };
  process.on('exit', () => {
    if (disk) disk.unmount();
    else rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  });
  progress(repeatLine(options));
  try {
    const report = await runChaos(options, { dataDir, disk }, progress);
    const isKept = options.keep || !hasPassed(report);
    const complete = isKept ? { ...report, keptAt: keep() } : report;
    console.log(options.json ? JSON.stringify(complete, undefined, 2) : reportText(complete));
    process.exitCode = hasPassed(report) ? 0 : 1;
  } catch (error) {
    disk?.free();
    console.error(`${(error as Error).stack}\n\nrepeat: ${repeatLine(options)}\ndata directory: ${keep()}`);
    process.exitCode = 1;
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
const options = readOptions();
if (options) await main(options);
// Devices of a failed run would keep connecting.
process.exit();
