// The page about the template must not promise more than the reader does.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describeSupport } from '../../template/support.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/template.md'), 'utf8');

test('the page names every property that is accepted without effect, with the reason', () => {
  for (const { type, property, effect, note } of describeSupport()) {
    if (effect === 'honoured') continue;
    const row = page
      .split('\n')
      .find((line) => line.includes(`\`${type.replace('AWS::', '')} ${property}\``));
    assert.ok(row, `${type} ${property} is missing`);
    assert.ok(row.startsWith(`| ${note} |`), `${type} ${property}: ${note}`);
  }
});
