// One contender of the fold in a process of its own, so that no one's garbage or threads slow another: folds when told.

import { contenders } from './fold-contenders.ts';
import type { FoldOutcome } from './fold-outcome.ts';

/** What a round took. */
export interface Round {
  readonly milliseconds: number;
  /** Processor time of all threads of the process. */
  readonly processorMilliseconds: number;
  /** Most memory that the process has had so far. */
  readonly peakMebibytes: number;
  readonly outcome: FoldOutcome;
}

const fold = await contenders.find(({ name }) => name === process.argv[2])!.open();

process.on('message', (file: string) => {
  void run(file).then((round) => process.send!(round));
});

async function run(file: string): Promise<Round> {
  const used = process.cpuUsage();
  const began = performance.now();
  const outcome = await fold(file);
  const milliseconds = performance.now() - began;
  const { user, system } = process.cpuUsage(used);
  return {
    milliseconds,
    processorMilliseconds: (user + system) / 1000,
    peakMebibytes: process.resourceUsage().maxRSS / 1024,
    outcome,
  };
}
