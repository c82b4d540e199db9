// Reads a template as CloudFormation does, so that the local cloud runs exactly what `sam deploy` builds.

import { resolve } from 'node:path';
import { noteProblems, StartError } from '../start-error.ts';
import { requireConsistent } from './checks.ts';
import { type Declaration, readDeclarations, readGlobals } from './declarations.ts';
import { type Entry, type Node, parseTemplate } from './document.ts';
import { expandDeclarations } from './expand.ts';
import type { StackDefaults } from './naming.ts';
import { createNames, type Names } from './names.ts';
import { type Needs, requireOrder, requireRules } from './order.ts';
import { type Parameters, resolveParameters } from './parameters.ts';
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
  /** The command of samconfig.toml that sets them in that environment; `deploy` if absent. */
  readonly command?: string;
  /** Values from the command line; they override those of samconfig.toml. */
  readonly overrides: Readonly<Record<string, string>>;
  /** What the command line may set of another template, for a message, such as `domain.yaml has IotName`. */
  readonly others?: string;
  /** Values of parameters that are not set elsewhere; those that the template does not have are ignored. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** The checks of the services; each throws its problems with the template. */
  readonly checks?: readonly ((template: ResolvedTemplate) => unknown)[];
}

const SAM = 'AWS::Serverless-2016-10-31';

const SECTIONS = [
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
 * Throws all problems at once. The checks run also on a template that is wrong already, to list more of its problems, but they
 * rely on properties that were checked: a check that breaks on such a template is left out.
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

/** What the sections of one template are read with. */
interface Reading {
  readonly options: LoadOptions;
  readonly shown: string;
  readonly fail: Fail;
  readonly entries: ReadonlyMap<string, Entry<Node>>;
  readonly section: (name: string) => ReadonlyMap<string, Entry<Node>>;
}

function readTemplate(options: LoadOptions, file: string): Reading {
  const shown = shownAs(file);
  const fail = failIn(shown);
  const entries = entriesOf(parseTemplate(readText(file, shown), shown), 'a template', SECTIONS, fail);
  requireSam(entries, fail);
  return { options, shown, fail, entries, section: (name) => sectionOf(entries, name, fail) };
}

function parametersOf({ options, shown, fail, section }: Reading): Parameters {
  const { samconfigFile, environment, command = 'deploy', others } = options;
  const samconfig = shownAs(resolve(samconfigFile));
  const fromFile = readParameterOverrides(samconfigFile, samconfig, environment, command);
  const declared = section('Parameters');
  const defaults = Object.entries(options.defaults ?? {}).filter(([name]) => declared.has(name));
  return resolveParameters(
    declared,
    [
      { source: 'the local cloud', values: new Map(defaults) },
      { source: samconfig, values: fromFile },
      {
        source: '--parameter-overrides',
        values: new Map(Object.entries(options.overrides)),
        ...(others !== undefined && { others }),
      },
    ],
    shown,
    fail,
  );
}

/** The resources as declared, with those that SAM adds. */
function declarationsOf({ entries, fail }: Reading): ReturnType<typeof expandDeclarations> {
  const resources = entries.get('Resources') ?? fail({ line: 1, column: 1 }, 'there is no Resources section');
  const declared = mapOf(resources.value, 'Resources', fail).entries;
  const globals = readGlobals(entries.get('Globals')?.value, fail);
  const implicitApi = globals.get('AWS::Serverless::HttpApi');
  return expandDeclarations(
    readDeclarations(declared, globals, fail),
    implicitApi && mapOf(implicitApi, 'HttpApi of Globals', fail),
    fail,
  );
}

type Declarations = ReadonlyMap<string, Declaration>;

function namesOf(
  { options, fail, section }: Reading,
  parameters: Parameters,
  declarations: Declarations,
): Names {
  const named = { mappings: section('Mappings'), conditions: section('Conditions'), declarations };
  const names = createNames(parameters, named, options, fail);
  requireRules(section('Rules'), names, fail);
  for (const [name, { place }] of named.conditions) names.condition(name, place);
  return names;
}

/** Resources and outputs without intrinsics. @param problems gets what is wrong with them */
function resolveAll(
  { shown, fail, section }: Reading,
  declarations: Declarations,
  names: Names,
  problems: string[],
): Pick<ResolvedTemplate, 'resources' | 'outputs'> {
  const needs: Needs = new Map();
  const resources = new Map<string, ResolvedResource>();
  const read = (declaration: Declaration) => {
    const { logicalId, dependsOn } = declaration;
    for (const { logicalId: other, place } of dependsOn) {
      if (!declarations.has(other))
        fail(place, `${logicalId} depends on ${other}, which is not a resource here`);
    }
    if (!names.exists(declaration)) return;
    const { resource, check } = resolveResource(declaration, names, needs, shown, fail);
    resources.set(logicalId, resource);
    for (const { logicalId: other, place } of dependsOn) needs.get(logicalId)!.set(other, place);
    check();
  };
  for (const declaration of declarations.values()) noteProblems(problems, () => read(declaration));
  const outputs: Record<string, string> = {};
  noteProblems(problems, () => Object.assign(outputs, resolveOutputs(section('Outputs'), names, fail)));
  if (problems.length === 0) noteProblems(problems, () => requireOrder(needs, fail));
  return { resources, outputs };
}

/**
 * The template with every intrinsic resolved, for the stack `stackName` in `region` of `accountId`.
 * @throws StartError, with a line for each place in the template that would fail on AWS or that the local cloud would have
 *   to ignore, and the remedy.
 */
export function loadTemplate(options: LoadOptions): ResolvedTemplate {
  const file = resolve(options.file);
  const reading = readTemplate(options, file);
  const parameters = parametersOf(reading);
  const { declarations, problems: found } = declarationsOf(reading);
  const problems = [...found];
  const names = namesOf(reading, parameters, declarations);
  const { resources, outputs } = resolveAll(reading, declarations, names, problems);
  const { stackName, region, accountId } = options;
  const template: ResolvedTemplate = {
    file,
    stackName,
    region,
    accountId,
    parameters: Object.fromEntries(parameters.values),
    hiddenParameters: parameters.hidden,
    resources,
    ofType: (type) => [...resources.values()].filter((resource) => resource.type === type),
    outputs,
  };
  checkTemplate(template, [requireConsistent, ...(options.checks ?? [])], problems);
  return template;
}
