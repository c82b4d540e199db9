// `npm start`: the whole stack of template.yaml on this machine.
import path from 'node:path';
import { createClosers } from './closers.ts';
import { createCounters } from './counters.ts';
import { systemClock } from './clock.ts';
import { explainDiskError, lockDataDir } from './data-dir.ts';
import { startDemo } from './demo.ts';
import { createDisplay } from './display.ts';
import { parseFlags, usage, type Flags } from './flags.ts';
import { createLog } from './log.ts';
import { startStack } from './stack.ts';
import { StartError } from './start-error.ts';

process.env['TZ'] = 'UTC'; // as in Lambda; a worker thread takes its time zone from the process

const root = path.resolve(import.meta.dirname, '../..');

async function start({ demo, dataDir, ...flags }: Flags): Promise<void> {
  const closers = createClosers();
  try {
    closers.add(lockDataDir(dataDir));
    const counters = createCounters();
    const display = createDisplay(process.stdout, counters, systemClock);
    closers.add(() => display.stop());
    const log = createLog(display, () => systemClock.now());
    const stack = await startStack({ root, dataDir, ...flags, clock: systemClock, log, counters });
    closers.add(() => stack.stop());
    // Before the line that tells others that they may stop it.
    stopOnSignal(() => {
      display.write('stopping: finishing and archiving what came in (again to cut it short)\n');
      return closers.closeAll();
    });
    const { mqtt, aws, web } = stack.endpoints;
    display.write(`ready ${mqtt} ${aws} ${web}\n`);
    if (demo) closers.add(startDemo(path.join(root, 'device-sim/demo.ts'), dataDir, log));
  } catch (error) {
    await closers.closeAll();
    throw explainDiskError(dataDir, error);
  }
}

/** One line for what an operator can mend; a stack trace only for what is our own fault. */
function fail(error: unknown): never {
  process.stderr.write(
    `${error instanceof StartError ? error.message : ((error as Error).stack ?? String(error))}\n`,
  );
  process.exit(1);
}

/** Ctrl-C reaches this process twice, from the terminal and passed on by npm: that is one wish. */
const oneWishMilliseconds = 1_000;

function stopOnSignal(stop: () => Promise<void>): void {
  let askedAt: number | undefined;
  const onSignal = () => {
    const now = performance.now();
    if (askedAt !== undefined && now - askedAt < oneWishMilliseconds) return;
    if (askedAt !== undefined) process.exit(1); // asked again: what is not drained is in the journal
    askedAt = now;
    stop().then(() => process.exit(0), fail);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

try {
  const flags = parseFlags(process.argv.slice(2));
  if (flags) await start(flags);
  else process.stdout.write(`${usage}\n`);
} catch (error) {
  fail(error);
}
