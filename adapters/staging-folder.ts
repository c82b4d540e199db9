// Stages the files and sorted runs of the parsed archive in a folder of this machine until they are in the bucket.

import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { threadId } from 'node:worker_threads';
import type { StagingFolder } from '../pipeline/parse-ports.ts';
import { createParquetFile, readParquetFile } from './parquet-file.ts';
import { createRowSorter } from './row-sorter.ts';

/** Rows in memory before a run is written: about 60 MB. */
const ROWS_IN_MEMORY = 1 << 20;

const FOLDER = /^tidegate-parsed-(\d+)-\d+$/;

/** Creates this process's folder below `folder`. Folders that killed processes left are removed. */
export function openStagingFolder(options: {
  readonly folder: string;
  readonly windowSeconds: number;
  readonly rowsInMemory?: number;
}): StagingFolder {
  const { windowSeconds, rowsInMemory = ROWS_IN_MEMORY } = options;
  for (const name of readdirSync(options.folder)) {
    const pid = FOLDER.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      rmSync(path.join(options.folder, name), { recursive: true, force: true });
  }
  const folder = path.join(options.folder, `tidegate-parsed-${process.pid}-${threadId}`);
  function clear(): void {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  }
  clear();
  const freshPath = () => path.join(folder, `${randomUUID()}.parquet`);
  return {
    clear,
    freshPath,
    openSorter: () => createRowSorter({ folder, rowsInMemory, windowSeconds }),
    openFile: () => createParquetFile(freshPath()),
    readFile: readParquetFile,
    discard: (file) => rmSync(file, { force: true }),
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
