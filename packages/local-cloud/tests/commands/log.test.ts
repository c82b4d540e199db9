// Text from outside is shown safely: nothing moves the cursor, hides, or reads backwards, on a terminal or in a log.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createLog, printable, printableLines } from '../../log.ts';
import { createLogGroups } from '../../rules/log-groups.ts';
import { start } from '../lambda/fixture.ts';

/** From `first` to `last`, as text. */
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index));
const unseen = [
  ...range(0, 0x1f),
  ...range(0x7f, 0x9f),
  '\u061C',
  ...range(0x200b, 0x200b),
  ...range(0x200e, 0x200f),
  ...range(0x2028, 0x202e),
  ...range(0x2060, 0x2064),
  ...range(0x2066, 0x206f),
  ...range(0xd800, 0xd8ff),
  ...range(0xdc00, 0xdfff),
  '\uFEFF',
  ...range(0xfff9, 0xfffb),
  '\u{E0001}',
  ...range(0xe0020, 0xe007f),
];
const seen = ['plain text', 'é', 'Kühlschrank 7', '温度', 'درجة', 'נתון', '🧊', '°C', '\\u202e', '"'];

test('escapes each character that is invisible or misleading, in a form that JSON reads back', () => {
  for (const character of unseen) {
    const escaped = printable(`a${character}b`);
    assert.match(escaped, /^a(\\u[0-9a-f]{4}){1,2}b$/, JSON.stringify(character));
    assert.equal(JSON.parse(`"${escaped}"`), `a${character}b`);
  }
});

test('leaves every other character alone, line ends and tabs too where text has many lines', () => {
  for (const text of seen) assert.equal(printable(text), text);
  assert.equal(printableLines('a\tb\n\u001b[2Jc\r\n'), 'a\tb\n\\u001b[2Jc\\u000d\n');
});

test.each([false, true])('a log line stays one line and reads forwards (terminal: %s)', (isTTY) => {
  for (const character of [...unseen, '\n']) {
    let written = '';
    const out = { isTTY, write: (text: string) => (written += text) };
    const log = createLog(out, () => 0);
    const text = `a${character}b`;
    log.warn(text, { client: text, [`n${character}`]: 1 });
    log.error('x', {}, text);
    assert.equal(written.split('\n').length, 3);
    for (const line of written.split('\n')) assert.equal(printable(line), line, JSON.stringify(character));
    if (!isTTY) assert.equal((JSON.parse(written.split('\n')[0]!) as { client: string }).client, text);
  }
});

test('the log file of a function and its warnings have nothing unseen, and JSON in them says the same', async () => {
  const nasty = 'a\u001b[2J\u009b31m\u202Ereversed\u2028\uD800b';
  const source = `export const handler = () => {
    const name = ${JSON.stringify(nasty)};
    console.log('plain ' + name);
    process.stdout.write(JSON.stringify({ level: 'WARN', message: 'seen', name }) + '\\n');
  };`;
  const { lambda, dir } = await start({ Talk: { source } });
  await lambda.invoke('tidegate-Talk', '{}');
  const text = await readFile(path.join(dir, 'logs/Talk.log'), 'utf8');
  assert.equal(printableLines(text), text);
  assert.match(text, /plain a\\u001b\[2J\\u009b31m\\u202ereversed\\u2028/);
  const line = text.split('\n').find((each) => each.startsWith('{'))!;
  assert.equal((JSON.parse(line) as { name: string }).name, nasty);
});

test('a log group has one line an event, with nothing unseen', async () => {
  const dir = temporaryFolder();
  const groups = createLogGroups({ dir, groups: ['g'] });
  const message = 'a\u0085\u202E\u2029b';
  await groups.put('g', [{ timestamp: 1, message }]);
  const text = await readFile(path.join(dir, 'g.log'), 'utf8');
  assert.equal(printableLines(text), text);
  assert.deepEqual(JSON.parse(text), { timestamp: 1, message });
});
