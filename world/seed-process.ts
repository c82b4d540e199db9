// A process that runs one seed after another for `npm run world`. The runtime comes first, before all that it replaces.

import '../packages/local-cloud/world/install.ts';
import { dieOfAccidents } from './accidents.ts';
import type { SeedAnswer, SeedRequest } from './seed-processes.ts';

dieOfAccidents();
const { runSeed } = await import('./seed-run.ts');
let used = 0;

process.on('message', ({ options, seed }: SeedRequest) => {
  void runSeed(options, seed).then((result) => {
    const { user, system } = process.cpuUsage();
    const processorTime = user + system - used;
    used += processorTime;
    process.send!({ result, processorTime } satisfies SeedAnswer);
  });
});
process.on('disconnect', () => process.exit());
