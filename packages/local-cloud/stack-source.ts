// Which stack a command is about: a template, the samconfig.toml beside it, and the name of the stack.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { account } from './account.ts';
import type { Project } from './project.ts';
import { StartError } from './start-error.ts';
import type { LoadOptions } from './template/load.ts';
import { readStackName } from './template/samconfig.ts';

export type StackSource = Omit<LoadOptions, 'overrides' | 'defaults'>;

/** The environment of samconfig.toml that sets the parameters. */
const ENVIRONMENT = 'local';
const TEXT = { type: 'string' } as const;
const OPTIONS = { template: TEXT, samconfig: TEXT, 'stack-name': TEXT } as const;

/** For `parseArgs`. The commands of a project know its template, so they take none of these. */
export const sourceOptions = (project?: Project) => (project ? {} : OPTIONS) as typeof OPTIONS;

/** What a usage says of `sourceOptions`. */
export const sourceUsage = (project?: Project): string =>
  project ? '' : '[--template FILE] [--samconfig FILE] [--stack-name NAME] ';

/** Values that `parseArgs` made of `sourceOptions`. */
interface Given {
  readonly template?: string;
  readonly samconfig?: string;
  readonly 'stack-name'?: string;
}

/** The folder's name without what CloudFormation takes in no stack name, and short enough for the names of buckets. */
function nameOf(folder: string): string {
  const words = path.basename(folder).match(/[A-Za-z0-9]+/g) ?? [];
  const name = words.join('-').replace(/^[^A-Za-z]+/, '');
  return name.slice(0, 32) || 'stack';
}

/** @throws StartError for a samconfig.toml that is not there, and for a name that CloudFormation refuses */
export function sourceOf(given: Given, project?: Project): StackSource {
  const file = path.resolve(project?.root ?? '', given.template ?? 'template.yaml');
  const folder = path.dirname(file);
  const samconfigFile = path.resolve(given.samconfig ?? path.join(folder, 'samconfig.toml'));
  if (given.samconfig !== undefined && !existsSync(samconfigFile))
    throw new StartError(`--samconfig ${given.samconfig}: no such file`);
  const stackName =
    project?.stackName ??
    given['stack-name'] ??
    readStackName(samconfigFile, [ENVIRONMENT, 'default']) ??
    nameOf(folder);
  if (!/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(stackName)) {
    throw new StartError(
      `stack name ${stackName}: it must begin with a letter and have only letters, digits and hyphens, at most 128`,
    );
  }
  return { file, samconfigFile, environment: ENVIRONMENT, stackName, ...account };
}
