// npm run dns -- drill: runs two regions on one machine, kills one of them, and checks the fleet and its readings.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseOptions, USAGE, UsageError, type DrillOptions } from './options.ts';
import { hasPassed, progress, reportText } from './report.ts';
import { runDrill } from './run.ts';

function folderOf({ dataDir }: DrillOptions): string {
  if (dataDir === undefined) {
    const scratch = mkdtempSync(path.join(tmpdir(), 'tidegate-drill-'));
    process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));
    return scratch;
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return path.resolve(dataDir);
}

/** Resolves with the exit code: 0 if nothing was lost, 1 if something was or the drill failed, 2 for a bad option. */
export async function main(args: readonly string[]): Promise<number> {
  let options: DrillOptions | undefined;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    return 2;
  }
  if (!options) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
  try {
    const report = await runDrill(options, folderOf(options), progress);
    process.stdout.write(`${options.json ? JSON.stringify(report, undefined, 2) : reportText(report)}\n`);
    return hasPassed(report) ? 0 : 1;
  } catch (error) {
    const hint = options.dataDir === undefined ? ' (--data-dir DIR keeps what the regions wrote)' : '';
    process.stderr.write(`the drill failed: ${(error as Error).message}${hint}\n`);
    // Devices of a failed drill would keep connecting.
    return process.exit(1);
  }
}
