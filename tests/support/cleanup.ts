// Closes everything that a test opened, however the test ends.

import { afterAll, afterEach, beforeEach } from '@jest/globals';

type Undo = () => unknown;

const ofFile: Undo[] = [];
let current = ofFile;

/** Runs all of them, and then throws the first error. */
async function run(undos: Undo[]): Promise<void> {
  const errors: unknown[] = [];
  for (const undo of undos.splice(0)) {
    try {
      await undo();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

beforeEach(() => {
  current = [];
});

afterEach(async () => {
  const ofTest = current;
  current = ofFile;
  await run(ofTest);
});

afterAll(() => run(ofFile));

/**
 * Calls `undo` after the running test, or after the last test of the file where none is running. Those of a test run in
 * the order in which they were registered, also after a failure; the first error among them fails the test.
 */
export function cleanup(undo: Undo): void {
  current.push(undo);
}
