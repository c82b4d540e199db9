// Starts the test files that wait the longest first, so that no single file runs alone at the end.

import { createRequire } from 'node:module';
import type * as TestSequencer from '@jest/test-sequencer';

// The package's types are those of its CommonJS form, which `import` does not get.
const { default: Usual } = createRequire(import.meta.url)(
  '@jest/test-sequencer',
) as typeof TestSequencer.default;

type Tests = Parameters<InstanceType<typeof Usual>['sort']>[0];

/** On a clean checkout jest knows no durations, and would go by the sizes of the files. */
const FIRST = [/\/tests\/e2e\/(?:chaos|drill)\.test\.ts$/, /\/tests\/e2e\//];

const rankOf = (path: string) => {
  const rank = FIRST.findIndex((pattern) => pattern.test(path));
  return rank === -1 ? FIRST.length : rank;
};

export default class Sequencer extends Usual {
  override async sort(tests: Tests): Promise<Tests> {
    return (await super.sort(tests)).toSorted((one, other) => rankOf(one.path) - rankOf(other.path));
  }
}
