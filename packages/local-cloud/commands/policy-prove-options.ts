// The command line of `policy prove`, checked before anything is proven.

import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { commandLineOf, commandOf, dataDirOf, type Project } from '../project.ts';
import { readPolicyFile, type PolicyFile } from '../prover/sources.ts';
import { sourceOf, sourceOptions, sourceUsage, type StackSource } from '../stack-source.ts';
import { StartError } from '../start-error.ts';
import { parseOverrides } from './overrides.ts';
import { folded } from './usage-text.ts';

export const proveUsageOf = (
  project?: Project,
): string => `${folded(`usage: ${commandLineOf('policy', project)} prove [--claims FILE] [--policy [NAME=]FILE ...] [--local] [--confirm] ${sourceUsage(project)}[--data-dir DIR]`)}
       Decides for all possible things, certificates, identities and topics
       whether policies allow what claims forbid.
       --claims FILE: the claims, as JSON${project?.claims ? '; without it those of this project' : ''}
       --policy FILE: proves a policy document of AWS IoT by itself; NAME=FILE
         replaces a policy that claims name
       --local: proves the policies of every active certificate in the registry
         of --data-dir, running or not
       --confirm: tries a counterexample on the broker of ${commandOf('start', project)},
         with things and certificates that it creates for this
       --parameter-overrides Key=Value: as ${commandOf('start', project)} was given them
       Exit code 1 if a claim is broken or undecided.`;

export interface ProveOptions {
  /** The claims of `--claims` and the name of their file; undefined without it. */
  readonly claims: { readonly value: unknown; readonly shown: string } | undefined;
  readonly files: readonly PolicyFile[];
  /** Whether a policy file is given without a name, so that no template is read. */
  readonly isAlone: boolean;
  readonly local: boolean;
  readonly confirm: boolean;
  readonly source: StackSource;
  readonly overrides: Readonly<Record<string, string>>;
  readonly dataDir: string;
}

function parse(args: readonly string[], project: Project | undefined) {
  const text = { type: 'string' } as const;
  const yes = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...sourceOptions(project),
        claims: text,
        policy: { ...text, multiple: true, default: [] },
        local: yes,
        confirm: yes,
        'parameter-overrides': { ...text, multiple: true, default: [] },
        'data-dir': { ...text, default: dataDirOf(project) },
        help: { ...yes, short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new StartError((error as Error).message.split('. ')[0]!, { cause: error });
  }
}

function readClaimsFile(shown: string): ProveOptions['claims'] {
  if (!existsSync(shown)) throw new StartError(`--claims ${shown}: no such file`);
  try {
    return { value: JSON.parse(readFileSync(shown, 'utf8')), shown };
  } catch (error) {
    throw new StartError(`${shown}: ${(error as Error).message}`, { cause: error });
  }
}

/** @returns undefined where the usage is requested. @throws StartError naming the option that is wrong */
export function parseProveOptions(args: readonly string[], project?: Project): ProveOptions | undefined {
  const values = parse(args, project);
  if (values.help) return undefined;
  const files = values.policy.map(readPolicyFile);
  const isAlone =
    values.claims === undefined && files.length > 0 && values.policy.every((given) => !given.includes('='));
  if (values.local && files.length > 0)
    throw new StartError('--local proves the policies of the registry: leave out --policy');
  return {
    claims: values.claims === undefined ? undefined : readClaimsFile(values.claims),
    ...{ files, isAlone, local: values.local, confirm: values.confirm },
    source: sourceOf(values, project),
    overrides: parseOverrides(values['parameter-overrides'], proveUsageOf(project)),
    dataDir: values['data-dir'],
  };
}
