// Says at the end of a run which tests were skipped; their titles say why.

import type { OnTestSuccess } from 'jest-runner';

const SKIPPED = /\(skipped: .*\)$/;

export default class SkipReporter {
  onRunComplete(
    _contexts: unknown,
    run: { readonly testResults: readonly Parameters<OnTestSuccess>[1][] },
  ): void {
    const tests = run.testResults.flatMap(({ testResults }) => testResults);
    for (const { status, fullName } of tests)
      if (status === 'pending' && SKIPPED.test(fullName)) process.stderr.write(`${fullName}\n`);
  }
}
