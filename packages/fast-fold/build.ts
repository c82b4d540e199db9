// `npm run build -w @tidegate/fast-fold`: compiles the kernel if its sources have changed. Commit it with them.

import { writeFileSync } from 'node:fs';
import { CHECKSUMS, checksums, compile, KERNEL } from './compiler.ts';

try {
  const bytes = await compile();
  writeFileSync(KERNEL, bytes);
  writeFileSync(CHECKSUMS, checksums());
  console.log(`kernel.wasm: ${bytes.length} bytes`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
