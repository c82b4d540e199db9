// kernel.wasm is committed, so that nobody but its authors needs the compiler: it must be what its sources say.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { CHECKSUMS, checksums, compile, hasCompiler, KERNEL } from '../compiler.ts';

const INSTALL = 'the compiler is not installed: npm ci --prefix packages/fast-fold/assembly';

test('kernel.wasm was built from the sources as they are (npm run build -w @tidegate/fast-fold)', () => {
  assert.equal(readFileSync(CHECKSUMS, 'utf8'), checksums());
});

const testOrSkip = hasCompiler() ? test : test.skip;
testOrSkip(
  `compiling the sources gives kernel.wasm, byte for byte${hasCompiler() ? '' : ` (skipped: ${INSTALL})`}`,
  async () => {
    assert.deepEqual(await compile(), readFileSync(KERNEL));
  },
);
