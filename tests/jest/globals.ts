// What '@jest/globals' is in the process of a test file: the functions of jest-circus, and mocks from jest-mock.

import { ModuleMocker } from 'jest-mock';

type Globals = Pick<
  typeof import('@jest/globals'),
  'afterAll' | 'afterEach' | 'beforeAll' | 'beforeEach' | 'describe' | 'expect' | 'it' | 'test'
>;

export let { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } = {} as Globals;

/** To be called before a test file is loaded. */
export function setGlobals(globals: Globals): void {
  ({ afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } = globals);
}

const mocker = new ModuleMocker(globalThis);

/** Functions and methods only: there are no module mocks, since Node itself loads the modules, and no fake timers. */
export const jest = {
  fn: mocker.fn.bind(mocker),
  spyOn: mocker.spyOn.bind(mocker),
  clearAllMocks: () => mocker.clearAllMocks(),
  resetAllMocks: () => mocker.resetAllMocks(),
  restoreAllMocks: () => mocker.restoreAllMocks(),
};
