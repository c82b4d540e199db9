// The second template of a stack, for custom domains: read when one of its parameters is set.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseTemplate } from './document.ts';
import { loadTemplate, type LoadOptions } from './load.ts';
import type { ResolvedTemplate } from './resolved.ts';
import { readParameterOverrides } from './samconfig.ts';
import { failIn, mapOf, sectionOf } from './sections.ts';
import { readText, shownAs } from './source-file.ts';

const FILE = 'domain.yaml';
/** Its command in samconfig.toml: `[<environment>.domain.parameters]`. */
const COMMAND = 'domain';

/** The path of the file, which need not exist. */
export const domainFileOf = (templateFile: string): string => path.join(path.dirname(templateFile), FILE);

function parameterNames(file: string): ReadonlySet<string> {
  const shown = shownAs(file);
  const fail = failIn(shown);
  const { entries } = mapOf(parseTemplate(readText(file, shown), shown), 'a template', fail);
  return new Set(sectionOf(entries, 'Parameters', fail).keys());
}

/**
 * Loads the domain.yaml beside the template of `options`. The result has the other overrides, and a clause for messages that
 * lists the parameters of domain.yaml.
 * @throws StartError as `loadTemplate` does.
 */
export function loadDomain(options: Omit<LoadOptions, 'defaults'>): {
  readonly domain?: ResolvedTemplate;
  readonly overrides: Readonly<Record<string, string>>;
  readonly others?: string;
} {
  const { samconfigFile, environment, overrides } = options;
  const file = domainFileOf(options.file);
  if (!existsSync(file)) return { overrides };
  const inFile = readParameterOverrides(samconfigFile, shownAs(samconfigFile), environment, COMMAND);
  if (Object.keys(overrides).length === 0 && inFile.size === 0) return { overrides };
  const names = parameterNames(file);
  const [own, rest] = [true, false].map((isOwn) =>
    Object.fromEntries(Object.entries(overrides).filter(([name]) => names.has(name) === isOwn)),
  ) as [Record<string, string>, Record<string, string>];
  const others = `${FILE} has ${[...names].join(', ') || 'none'}`;
  if (Object.keys(own).length === 0 && inFile.size === 0) return { overrides, others };
  const stackName = `${options.stackName}-domain`;
  return {
    domain: loadTemplate({ ...options, file, stackName, command: COMMAND, overrides: own }),
    overrides: rest,
    others,
  };
}
