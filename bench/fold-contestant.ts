// Runs one contender in its own process, so that its garbage and threads do not slow down the others. It folds on command.

import { contenders } from './fold-contenders.ts';
import type { FoldOutcome } from './fold-outcome.ts';

/** The measurements of a round. */
export interface Round {
  readonly milliseconds: number;
  /** The processor time of all threads. */
  readonly processorMilliseconds: number;
  /** The peak memory of the process so far. */
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
