// The list of serial numbers: the file format, and that the hook reads what the command writes.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createRegistrationStore } from '../../adapters/registration-store.ts';
import { allow, parseSerials } from '../../device-sim/device-allow.ts';
import { parseDeviceOptions } from '../../device-sim/device-options.ts';
import type { Target } from '../../device-sim/target.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { temporaryFolder } from '../support/folders.ts';

let tables: Tables;
beforeAll(async () => {
  tables = await openTables();
});
afterAll(() => tables.close());

const file = () => path.join(temporaryFolder(), 'serials.txt');

/** Runs the command line over the table, and gives what it says. */
async function run(line: readonly string[], table: string | undefined = 'registrations'): Promise<string> {
  const said: string[] = [];
  const target = { registrations: { endpoint: tables.endpoint, table } } as Target;
  await allow(target, parseDeviceOptions(['allow', ...line, '--local'])!, (text) => said.push(text));
  return said.join('\n');
}

test('a file has a serial number a line, with comments, empty lines and repeats', () => {
  assert.deepEqual(parseSerials('\uFEFFtg-0001\r\n\n# batch 7\n  tg-0002 \ntg-0001', 'f'), [
    'tg-0001',
    'tg-0002',
  ]);
});

for (const [what, text, message] of [
  ['a colon', 'tg-0001\ntg:2', /^f:2: "tg:2" is not a serial number/],
  ['a table of columns', 'tg-0001,2026', /^f:1: "tg-0001,2026" is not a serial number/],
  ['nothing', '# none\n', /^f has no serial number/],
] as const) {
  test(`a file with ${what} is refused, and nothing from it is listed`, () => {
    assert.throws(() => parseSerials(text, 'f'), { name: 'OnboardingError', message });
  });
}

test('the hook admits a serial number that the command listed, until it is removed', async () => {
  const store = createRegistrationStore({
    client: tables.client,
    table: 'registrations',
    perHour: 1,
    now: () => 0,
  });
  const list = file();
  const serials = Array.from({ length: 130 }, (_, n) => `tg-${String(n).padStart(6, '0')}`);
  writeFileSync(list, serials.join('\n'));
  assert.match(await run([list]), /^listed   130 serial numbers in registrations\n.*RequireListedSerials/);
  assert.match(await run([list]), /^listed   130 /);
  for (const serial of [serials[0]!, serials[129]!]) assert.equal(await store.isAllowed(serial), true);
  assert.equal(await store.isAllowed('tg-000130'), false);

  writeFileSync(list, serials[0]!);
  assert.match(await run([list, '--remove']), /^removed  1 serial number from the list in registrations/);
  assert.equal(await store.isAllowed(serials[0]!), false);
  assert.equal(await store.isAllowed(serials[1]!), true);
});

test('without a table name, the command asks for one', async () => {
  const list = file();
  writeFileSync(list, 'tg-0001');
  const target = {} as Target;
  await assert.rejects(
    allow(target, parseDeviceOptions(['allow', list])!, () => undefined),
    /^OnboardingError: allow needs --table T: the output RegistrationsTable/,
  );
});

test('a missing file is named', async () => {
  await assert.rejects(run(['no-such-file.txt']), /no-such-file\.txt cannot be read/);
});
