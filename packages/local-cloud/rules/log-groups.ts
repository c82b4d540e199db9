// CloudWatch log groups as files: one JSON line per event, two files of limited size for each group.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import { printable } from '../log.ts';
import type { LogEvent } from './action.ts';

/** A larger file becomes `<file>.1`, in place of the one before. */
const MAX_BYTES = 10 * 1024 * 1024;
const MAX_NAME = 150;

export interface LogGroups {
  /** Resolves when the events are in the file. @throws AwsError ResourceNotFoundException for an unknown group */
  put(group: string, events: readonly LogEvent[]): Promise<void>;
}

/** A safe file name: `/aws/iot/x` becomes `%2Faws%2Fiot%2Fx.log`. */
export function fileNameOf(group: string): string {
  const name = encodeURIComponent(group);
  if (name.length <= MAX_NAME) return `${name}.log`;
  const digest = createHash('sha256').update(group).digest('hex').slice(0, 16);
  return `${name.slice(0, MAX_NAME)}-${digest}.log`;
}

/** Whether the name of its file says the whole name of a group. */
export const isWholeName = (group: string): boolean => encodeURIComponent(group).length <= MAX_NAME;

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** @param options.groups names of those that the template has; others exist once a client created their file */
export function createLogGroups(options: {
  dir: string;
  groups: readonly string[];
  maxBytes?: number;
}): LogGroups {
  const { dir, groups, maxBytes = MAX_BYTES } = options;
  const tails = new Map<string, Promise<void>>();

  async function append(group: string, text: string): Promise<void> {
    const file = path.join(dir, fileNameOf(group));
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const size = await sizeOf(file);
    if (size > 0 && size + Buffer.byteLength(text) > maxBytes) await rename(file, `${file}.1`);
    await appendFile(file, text, { mode: 0o600 });
  }

  return {
    async put(group, events) {
      if (!groups.includes(group) && !existsSync(path.join(dir, fileNameOf(group)))) {
        const shown = JSON.stringify(group.slice(0, 512));
        throw new AwsError('ResourceNotFoundException', `there is no log group ${shown}`, 404);
      }
      const text = events.map((event) => `${printable(JSON.stringify(event))}\n`).join('');
      const before = tails.get(group) ?? Promise.resolve();
      const done = before.catch(() => {}).then(() => append(group, text));
      tails.set(group, done);
      await done;
    },
  };
}
