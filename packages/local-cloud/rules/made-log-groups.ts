// Log groups that clients created: each has a file beside those of the template's log groups.

import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import { makeDirectory } from '../files/durable-files.ts';
import type { LogGroup } from '../lambda/log-groups-api.ts';
import { fileNameOf, isWholeName } from './log-groups.ts';

export interface MadeLogGroups {
  list(): Promise<LogGroup[]>;
  /** @throws AwsError InvalidParameterException */
  create(name: string): Promise<void>;
  delete(name: string): Promise<void>;
}

const NAME = /^[\w./#-]{1,512}$/;
const ENDING = '.log';

/** Empty for a file with only the beginning of a group's name, as those of the template may have. */
function nameOfFile(file: string): string[] {
  if (!file.endsWith(ENDING)) return [];
  const encoded = file.slice(0, -ENDING.length);
  try {
    const name = decodeURIComponent(encoded);
    return isWholeName(name) && encodeURIComponent(name) === encoded ? [name] : [];
  } catch (error) {
    if (error instanceof URIError) return []; // cut off, or put there by another program
    throw error;
  }
}

/** @param arnOf the ARN of a group by its name */
export function createMadeLogGroups(dir: string, arnOf: (name: string) => string): MadeLogGroups {
  const fileOf = (name: string) => path.join(dir, fileNameOf(name));
  return {
    async list() {
      const files = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      const names = files.flatMap(nameOfFile);
      return names.map((name) => ({ name, arn: arnOf(name), file: fileOf(name), isJson: true }));
    },
    async create(name) {
      if (!NAME.test(name) || !isWholeName(name)) {
        const message = 'logGroupName must be letters, digits, and / . _ - #, at most 150 characters here';
        throw new AwsError('InvalidParameterException', message);
      }
      await makeDirectory(dir);
      await writeFile(fileOf(name), '', { flag: 'a', mode: 0o600 });
    },
    async delete(name) {
      await rm(fileOf(name), { force: true });
      await rm(`${fileOf(name)}.1`, { force: true });
    },
  };
}
