// The command line of `iam`.

import path from 'node:path';
import { parseArgs } from 'node:util';
import { commandLineOf, dataDirOf, type Project } from '../project.ts';
import { sourceOf, sourceOptions, sourceUsage, type StackSource } from '../stack-source.ts';
import { StartError } from '../start-error.ts';
import { parseOverrides } from './overrides.ts';
import { folded } from './usage-text.ts';

export interface IamOptions {
  readonly source: StackSource;
  readonly dataDir: string;
  /** Files of recorded calls, and folders of such files; that of the data directory if there are none. */
  readonly files: readonly string[];
  readonly json: boolean;
  /** Permissions and wildcards that a comment explains are listed as well. */
  readonly all: boolean;
  readonly overrides: Readonly<Record<string, string>>;
}

export const iamUsageOf = (project?: Project): string =>
  folded(
    `usage: ${commandLineOf('iam', project)} ${sourceUsage(project)}[--data-dir DIR] [--calls FILE-OR-FOLDER ...] [--all] [--json] ` +
      '[--parameter-overrides Key=Value ...]',
  );

function parse(args: readonly string[], project: Project | undefined) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...sourceOptions(project),
        'data-dir': { type: 'string', default: dataDirOf(project) },
        calls: { type: 'string', multiple: true, default: [] },
        all: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        'parameter-overrides': { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    const [reason] = (error as Error).message.split(/\. To |\n/);
    throw new StartError(`${reason}; ${iamUsageOf(project)}`, { cause: error });
  }
}

/**
 * @returns undefined when help is requested.
 * @throws StartError naming the option and what it takes.
 */
export function parseIamOptions(args: readonly string[], project?: Project): IamOptions | undefined {
  const { values, positionals } = parse(args, project);
  if (values.help) return undefined;
  return {
    source: sourceOf(values, project),
    dataDir: path.resolve(values['data-dir']),
    files: values.calls.map((file) => path.resolve(file)),
    json: values.json,
    all: values.all,
    overrides: parseOverrides([...values['parameter-overrides'], ...positionals], iamUsageOf(project)),
  };
}
