// The input that the kernel accepts, and its errors when it has no more memory.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { KERNEL } from '../compiler.ts';
import { loadKernel, openKernel, type Kernel } from '../kernel.ts';
import { archiveOf, list, options, START } from './archive-lines.ts';

/** How many of the lines the kernel takes before it leaves one. */
async function takenBy(lines: readonly string[]): Promise<number> {
  const bytes = archiveOf(lines);
  const kernel = openKernel(await loadKernel(), { ...options, windowSeconds: 1 }, bytes.length + 1);
  takeAll(kernel, bytes);
  return kernel.taken();
}

function takeAll(kernel: Kernel, bytes: Uint8Array): void {
  kernel.input().set(bytes);
  kernel.takeLines(0, bytes.length);
}

test('folds the lines of many devices, however their names differ', async () => {
  const styles: ((n: number) => string)[] = [
    String,
    (n) => `f${n}`,
    (n) => `sensor-${n}`,
    (n) => `store-${n}`,
    (n) => String(n).padStart(8, '0'),
    (n) => String(n).padStart(16, '0'),
    (n) => `${String(n).padStart(4, '0')}-of-the-fridges-in-seattle`,
    (n) => `${n * 7919 + 1_000_000_007}`.padEnd(64, 'x'),
    (n) => String.fromCharCode(...[0, 4, 8].map((bits) => 0x61 + ((n >> bits) & 15))).repeat(8),
  ];
  for (const nameOf of styles) {
    const lines = list(3000, (n) => ({ deviceId: nameOf(n) }));
    assert.equal(await takenBy(lines), lines.length, nameOf(12));
  }
});

test('takes the lines of many windows of one device', async () => {
  const lines = list(3600, (n) => ({ timestamp: START + 60_000 - n * 1000 }));
  assert.equal(await takenBy(lines), lines.length);
});

const MEMORY_SECTION = 5;

/** The binary with a memory of so many pages (64 KiB) at most. */
function withMaximum(binary: Buffer, pages: number): Buffer {
  let at = 8;
  while (binary[at] !== MEMORY_SECTION) at = sectionEnd(binary, at);
  const end = sectionEnd(binary, at);
  // Of one memory without a maximum the section is its id, its length, 1, 0 and the least pages; with one the 0 is a 1.
  const [, length, count, flags, ...least] = binary.subarray(at, end);
  assert.deepEqual([count, flags], [1, 0]);
  const section = Buffer.of(MEMORY_SECTION, length! + 1, count!, 1, ...least, pages);
  return Buffer.concat([binary.subarray(0, at), section, binary.subarray(end)]);
}

/** Lengths are LEB128: seven bits a byte, the lowest first. */
function sectionEnd(binary: Buffer, section: number): number {
  let [length, at, shift] = [0, section + 1, 0];
  for (; binary[at]! > 0x7f; at += 1, shift += 7) length += (binary[at]! & 0x7f) << shift;
  return at + 1 + length + (binary[at]! << shift);
}

test('readings that do not fit into memory throw an error that names the memory', async () => {
  const small = await WebAssembly.compile(withMaximum(await readFile(KERNEL), 40));
  const kernel = openKernel(small, options, 1 << 18);
  const takeReadings = (device: number) =>
    takeAll(kernel, archiveOf(list(1000, (n) => ({ deviceId: `store-${device}`, timestamp: START + n }))));
  let device = 0;
  for (; device < 10; device += 1) takeReadings(device);
  assert.equal(kernel.taken(), 10_000);
  assert.throws(
    () => {
      for (; device < 100; device += 1) takeReadings(device);
    },
    { name: 'RangeError', message: /fold fewer files at a time/ },
  );
});
