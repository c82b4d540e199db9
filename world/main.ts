// `npm run world`: whole days of the stack under faults, in seconds, from one seed. The runtime comes first, before all that it replaces.

import '../packages/local-cloud/world/install.ts';
import { dieOfAccidents } from './accidents.ts';
import { OptionError, parseOptions, USAGE } from './options.ts';

dieOfAccidents();

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error; // the reader may stop, as `head` does
});

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) {
    const { runSeeds } = await import('./seeds.ts');
    process.exit(await runSeeds(options, (line) => void process.stdout.write(`${line}\n`)));
  }
  process.stdout.write(`${USAGE}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof OptionError ? error.message : (error as Error).stack}\n`);
  process.exit(error instanceof OptionError ? 2 : 1);
}
