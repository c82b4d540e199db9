// The roles of the template: services get what they need in their name, and no wildcard is without a reason.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { withoutExplained } from '../../packages/local-cloud/iam/explained.ts';
import { iamReportOf } from '../../packages/local-cloud/iam/report.ts';
import { loadTidegate } from './tidegate-template.ts';

const clock = { now: Date.now };

test.each(['direct', 'stream'])(
  'every role trusts its service and allows what that does in its name, and no more, in %s mode',
  (IngestMode) => {
    const report = iamReportOf(loadTidegate({ IngestMode }), [], clock);
    assert.deepEqual(report.missing, []);
    assert.deepEqual(report.undecided, []);
    // Without a recorded call, these are roles of rules, delivery streams and schedules.
    assert.deepEqual(report.unused, []);
  },
);

test('a comment explains each action and resource that is left open', () => {
  const template = loadTidegate({ IngestMode: 'stream', AllowGuests: 'true' });
  const { report } = withoutExplained(iamReportOf(template, [], clock), readFileSync(template.file, 'utf8'));
  assert.deepEqual(
    report.wildcards.map(({ at, value }) => `${at} ${value}`),
    [],
  );
});
