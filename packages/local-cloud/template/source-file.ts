// Reads the template as text, and names its file for messages.

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { StartError } from '../start-error.ts';

const LARGEST = 1024 * 1024; // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html

/** The path as a user would type it in the working directory. */
export function shownAs(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
}

/** @throws StartError when the file cannot be read, is not text, or is larger than CloudFormation takes. */
export function readText(file: string, shown: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > LARGEST)
      throw new StartError(`${shown}: is larger than 1 MiB, the limit of CloudFormation`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof StartError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw new StartError(
        `${shown}: no such file: start where template.yaml is, or name one with --template`,
      );
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw new StartError(`${shown}: is not UTF-8 text`);
    throw new StartError(`${shown}: cannot be read (${code}): check that it is a file and its permissions`);
  }
}
