// Reads the parameter values that samconfig.toml has for one environment, in each form that the SAM CLI accepts.

import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { StartError } from '../start-error.ts';
import { shownAs } from './source-file.ts';

/** `Key=Value`, `Key="a value"`, or `ParameterKey=Key,ParameterValue=Value`; several of them separated by blanks. */
const ASSIGNMENT =
  /(?:ParameterKey=([A-Za-z0-9]+),ParameterValue=|([A-Za-z0-9]+)=)("(?:[^"\\]|\\.)*"|[^\s"]*)(?:\s+|$)/y;

function readAssignments(text: string, where: string): [string, string][] {
  const found: [string, string][] = [];
  const trimmed = text.trim();
  ASSIGNMENT.lastIndex = 0;
  while (ASSIGNMENT.lastIndex < trimmed.length) {
    const rest = trimmed.slice(ASSIGNMENT.lastIndex);
    const match = ASSIGNMENT.exec(trimmed);
    if (!match)
      throw new StartError(`${where} has ${JSON.stringify(rest)}, which is not of the form Key=Value`);
    const [, long, short, value = ''] = match;
    const unquoted = value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
    found.push([(long ?? short)!, unquoted]);
  }
  return found;
}

function tableAt(root: unknown, path: readonly string[]): unknown {
  let table = root;
  for (const key of path) {
    if (typeof table !== 'object' || table === null || !Object.hasOwn(table, key)) return undefined;
    table = (table as Record<string, unknown>)[key];
  }
  return table;
}

function parseToml(file: string, shown: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new StartError(
      `${shown}: cannot be read (${(error as NodeJS.ErrnoException).code}): check its permissions`,
    );
  }
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [, reason = error.message] = /Invalid TOML document: (.*)/.exec(error.message) ?? [];
    throw new StartError(`${shown}:${error.line}:${error.column}: is not TOML: ${reason}`);
  }
}

/** The value of `key` in the first of `sections` that sets it, each a path such as `local.deploy`. */
function settingOf(root: unknown, sections: readonly string[], key: string): unknown {
  return sections
    .map((section) => tableAt(root, [...section.split('.'), 'parameters', key]))
    .find((value) => value !== undefined);
}

/**
 * The `stack_name` of the first of `environments` that has one, under `global` or `deploy`.
 * @throws StartError for what is not TOML, or not text.
 */
export function readStackName(file: string, environments: readonly string[]): string | undefined {
  const shown = shownAs(file);
  const sections = environments.flatMap((name) => [`${name}.deploy`, `${name}.global`]);
  const name = settingOf(parseToml(file, shown), sections, 'stack_name');
  if (name === undefined || typeof name === 'string') return name;
  throw new StartError(`${shown}: stack_name must be text`);
}

/**
 * The values of `parameter_overrides` under `[<environment>.<command>.parameters]`, for `deploy` else those under
 * `[<environment>.global.parameters]`.
 * A file that does not exist has none. `shown` is its name in messages.
 * @throws StartError for what is not TOML, or not a list of assignments.
 */
export function readParameterOverrides(
  file: string,
  shown: string,
  environment: string,
  command: string,
): Map<string, string> {
  const root = parseToml(file, shown);
  // Values for all commands are for the main template.
  const sections = [`${environment}.${command}`, ...(command === 'deploy' ? [`${environment}.global`] : [])];
  const given = settingOf(root, sections, 'parameter_overrides');
  const where = `${shown} parameter_overrides of [${environment}]`;
  const texts = given === undefined ? [] : Array.isArray(given) ? given : [given];
  return new Map(
    texts.flatMap((text: unknown) => {
      if (typeof text === 'string') return readAssignments(text, where);
      throw new StartError(`${where} must be text or a list of texts`);
    }),
  );
}
