// README promises five minutes of reading and names the lines: they must hold the resources that README names.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const lines = read('template.yaml').split('\n');

/** The lines of a resource, its first and its last, counted from 1. */
function linesOf(logicalId: string): readonly [first: number, last: number] {
  const section = lines.indexOf('Resources:');
  const start = lines.indexOf(`  ${logicalId}:`, section);
  const next = lines.findIndex((line, index) => index > start && /^ {0,2}\S/.test(line));
  const end = next === -1 ? lines.length : next;
  const last = lines.findLastIndex((line, index) => index < end && line.trim() !== '');
  assert.ok(section >= 0 && start > section, `template.yaml has no resource ${logicalId}`);
  return [start + 1, last + 1];
}

const toRead = /To understand it in five minutes read ([^]*?)\. /.exec(read('README.md'))?.[1] ?? '';
const ranges = [...toRead.matchAll(/lines (\d+) to (\d+) \(([^)]+)\)/g)].map(([, from, to, names]) => ({
  from: Number(from),
  to: Number(to),
  resources: [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
}));

test('README names the lines of template.yaml that show the way of a message', () => {
  assert.deepEqual(
    ranges.flatMap(({ resources }) => resources),
    ['TelemetryRule', 'RawDeliveryStream', 'RawBucket', 'IngestFunction', 'WindowsTable'],
  );
  assert.equal(ranges[0]!.from, 1);
});

test('the lines hold the whole of each resource, in this order, and end with the last', () => {
  for (const { from, to, resources } of ranges) {
    const found = resources.map(linesOf);
    assert.ok(found[0]![0] >= from, `${resources[0]} begins before line ${from}`);
    assert.deepEqual(
      found.toSorted(([a], [b]) => a - b),
      found,
    );
    assert.equal(to, found.at(-1)![1], `say "lines ${from} to ${found.at(-1)![1]}" in README`);
  }
});

test('no other resource is between them', () => {
  for (const { from, to, resources } of ranges) {
    const start = Math.max(from - 1, lines.indexOf('Resources:'));
    const inside = lines.slice(start, to).flatMap((line) => /^ {2}(\w+):$/.exec(line)?.[1] ?? []);
    assert.deepEqual(inside, resources);
  }
});

test('README names files that exist', () => {
  const files = [...toRead.matchAll(/`([\w./-]+\.\w+)`/g)].map(([, file]) => file!);
  assert.deepEqual(
    files.filter((file) => !existsSync(path.join(root, file))),
    [],
  );
  assert.ok(files.length >= 3);
});
