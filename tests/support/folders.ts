// Temporary folders.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const folders: string[] = [];

process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** A new, empty folder. It is removed when the process ends, which every test file has for itself. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidegate-test-'));
  folders.push(folder);
  return folder;
}
