// Reads a template as CloudFormation would, so that the local cloud runs what `sam deploy` builds and nothing else.

import { resolve } from 'node:path';
import { noteProblems, StartError } from '../start-error.ts';
import { requireConsistent } from './checks.ts';
import { type Declaration, readDeclarations, readGlobals } from './declarations.ts';
import { type Entry, type Node, parseTemplate } from './document.ts';
import { expandDeclarations } from './expand.ts';
import type { StackDefaults } from './naming.ts';
import { createNames } from './names.ts';
import { type Needs, requireOrder, requireRules } from './order.ts';
import { resolveParameters } from './parameters.ts';
import { readParameterOverrides } from './samconfig.ts';
import { entriesOf, type Fail, failIn, literal, literals, mapOf, sectionOf } from './sections.ts';
import { readText, shownAs } from './source-file.ts';
import { resolveOutputs, resolveResource } from './resolve.ts';
import type { ResolvedResource, ResolvedTemplate } from './resolved.ts';

export interface LoadOptions extends StackDefaults {
  readonly file: string;
  /** May name a file that does not exist. */
  readonly samconfigFile: string;
  /** Environment of samconfig.toml that sets the parameters. */
  readonly environment: string;
  /** Command whose values of that environment they are; `deploy` if absent. */
  readonly command?: string;
  /** Values from the command line; they come before those of samconfig.toml. */
  readonly overrides: Readonly<Record<string, string>>;
  /** What the command line may set of another template, for a message, such as `domain.yaml has IotName`. */
  readonly others?: string;
  /** Values of parameters that nobody set, where the template has such parameters. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** What the services find wrong with the template, each on its own. */
  readonly checks?: readonly ((template: ResolvedTemplate) => unknown)[];
}

const SAM = 'AWS::Serverless-2016-10-31';

const sections = [
  'AWSTemplateFormatVersion',
  'Transform',
  'Description',
  'Metadata',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Globals',
  'Resources',
  'Outputs',
];

function requireSam(entries: ReadonlyMap<string, Entry<Node>>, fail: Fail): void {
  const transform = entries.get('Transform');
  if (!transform) return;
  const { value, place } = transform;
  const names =
    value.kind === 'list' ? literals(value, 'Transform', fail) : [literal(value, 'Transform', fail)];
  const other = names.find((name) => name !== SAM);
  if (other !== undefined)
    fail(place, `transform ${other} is not supported by the local cloud: use ${SAM} alone`);
}

const lineOf = (problem: string) => Number(/:(\d+):/.exec(problem)?.[1] ?? 0);
const byLine = (one: string, other: string) => lineOf(one) - lineOf(other);

/**
 * Throws all problems at once. What the checks make of a template that is wrong already helps, but they rely on properties
 * that were checked: where they break on it, they are left out.
 */
function checkTemplate(
  template: ResolvedTemplate,
  checks: NonNullable<LoadOptions['checks']>,
  problems: string[],
): void {
  const isWrongAlready = problems.length > 0;
  for (const check of checks) {
    try {
      noteProblems(problems, () => check(template));
    } catch (error) {
      if (!isWrongAlready) throw error;
    }
  }
  if (problems.length > 0) throw new StartError([...new Set(problems)].sort(byLine));
}

/**
 * The template with every intrinsic resolved, for the stack `stackName` in `region` of `accountId`.
 * @throws StartError, with a line for each place in the template that would fail on AWS or that the local cloud would have
 *   to ignore, and the remedy.
 */
export function loadTemplate(options: LoadOptions): ResolvedTemplate {
  const file = resolve(options.file);
  const shown = shownAs(file);
  const fail = failIn(shown);
  const entries = entriesOf(parseTemplate(readText(file, shown), shown), 'a template', sections, fail);
  requireSam(entries, fail);
  const section = (name: string) => sectionOf(entries, name, fail);

  const samconfig = shownAs(resolve(options.samconfigFile));
  const fromFile = readParameterOverrides(
    options.samconfigFile,
    samconfig,
    options.environment,
    options.command ?? 'deploy',
  );
  const declaredParameters = section('Parameters');
  const defaults = Object.entries(options.defaults ?? {}).filter(([name]) => declaredParameters.has(name));
  const parameters = resolveParameters(
    declaredParameters,
    [
      { source: 'the local cloud', values: new Map(defaults) },
      { source: samconfig, values: fromFile },
      {
        source: '--parameter-overrides',
        values: new Map(Object.entries(options.overrides)),
        ...(options.others !== undefined && { others: options.others }),
      },
    ],
    shown,
    fail,
  );
  const resources = entries.get('Resources') ?? fail({ line: 1, column: 1 }, 'there is no Resources section');
  const declared = mapOf(resources.value, 'Resources', fail).entries;
  const globals = readGlobals(entries.get('Globals')?.value, fail);
  const implicitApi = globals.get('AWS::Serverless::HttpApi');
  const { declarations, problems: found } = expandDeclarations(
    readDeclarations(declared, globals, fail),
    implicitApi && mapOf(implicitApi, 'HttpApi of Globals', fail),
    fail,
  );
  const problems = [...found];
  const named = { mappings: section('Mappings'), conditions: section('Conditions'), declarations };
  const names = createNames(parameters, named, options, fail);
  requireRules(section('Rules'), names, fail);
  for (const [name, { place }] of named.conditions) names.condition(name, place);

  const needs: Needs = new Map();
  const resolved = new Map<string, ResolvedResource>();
  const read = (declaration: Declaration) => {
    const { logicalId, dependsOn } = declaration;
    for (const { logicalId: other, place } of dependsOn) {
      if (!declarations.has(other))
        fail(place, `${logicalId} depends on ${other}, which is not a resource here`);
    }
    if (!names.exists(declaration)) return;
    const { resource, check } = resolveResource(declaration, names, needs, shown, fail);
    resolved.set(logicalId, resource);
    for (const { logicalId: other, place } of dependsOn) needs.get(logicalId)!.set(other, place);
    check();
  };
  for (const declaration of declarations.values()) noteProblems(problems, () => read(declaration));
  const outputs: Record<string, string> = {};
  noteProblems(problems, () => Object.assign(outputs, resolveOutputs(section('Outputs'), names, fail)));
  if (problems.length === 0) noteProblems(problems, () => requireOrder(needs, fail));

  const { stackName, region, accountId } = options;
  const template: ResolvedTemplate = {
    file,
    stackName,
    region,
    accountId,
    parameters: Object.fromEntries(parameters.values),
    hiddenParameters: parameters.hidden,
    resources: resolved,
    ofType: (type) => [...resolved.values()].filter((resource) => resource.type === type),
    outputs,
  };
  checkTemplate(template, [requireConsistent, ...(options.checks ?? [])], problems);
  return template;
}
