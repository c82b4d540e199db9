// Reads a template as CloudFormation would, so that the local cloud runs what `sam deploy` builds and nothing else.

import { resolve } from 'node:path';
import { readAll } from '../start-error.ts';
import { requireConsistent } from './checks.ts';
import { readDeclarations, requireKnownType } from './declarations.ts';
import type { Declaration } from './declarations.ts';
import { parseTemplate } from './document.ts';
import type { Entry, Node, Place } from './document.ts';
import { evaluate, plain, textOf } from './evaluate.ts';
import type { Value } from './evaluate.ts';
import type { Ground } from './naming.ts';
import { createNames } from './names.ts';
import type { Names } from './names.ts';
import { requireOrder, requireRules } from './order.ts';
import type { Needs } from './order.ts';
import { resolveParameters } from './parameters.ts';
import { readParameterOverrides } from './samconfig.ts';
import { entriesOf, failIn, literal, literals, mapOf, sectionOf } from './sections.ts';
import type { Fail } from './sections.ts';
import { readText, shownAs } from './source-file.ts';
import { requireSupported } from './require-supported.ts';
import type { ResolvedResource, ResolvedTemplate } from './resolved.ts';

export interface LoadOptions extends Ground {
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
}

const sam = 'AWS::Serverless-2016-10-31';

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
  const other = names.find((name) => name !== sam);
  if (other !== undefined)
    fail(place, `transform ${other} is not supported by the local cloud: use ${sam} alone`);
}

function placeIn(value: Value, path: readonly (string | number)[], start: Place): Place {
  let place = start;
  let current: Value | undefined = value;
  for (const key of path) {
    if (current?.kind === 'list') {
      current = current.items[Number(key)];
      place = current?.place ?? place;
    } else {
      const entry: Entry<Value> | undefined =
        current?.kind === 'map' ? current.entries.get(String(key)) : undefined;
      current = entry?.value;
      place = entry?.place ?? place;
    }
    if (!current) break;
  }
  return place;
}

function resolveResource(
  declaration: Declaration,
  names: Names,
  needs: Needs,
  shown: string,
  fail: Fail,
): ResolvedResource {
  const { logicalId, type, place } = declaration;
  requireKnownType(declaration, fail);
  const needed = new Map<string, Place>();
  needs.set(logicalId, needed);
  const scope = names.resourceScope((other, at) => needed.set(other, at));
  const properties = evaluate(declaration.properties, scope)!;
  const metadata = evaluate(declaration.metadata, scope)!;
  readAll(
    [
      ['properties', properties],
      ['metadata', metadata],
    ] as const,
    ([part, value]) => requireSupported(logicalId, type, part, value, place, fail),
  );
  const { name, arn, ref } = names.identity(logicalId);
  return {
    logicalId,
    type,
    properties: plain(properties) as Record<string, unknown>,
    metadata: plain(metadata) as Record<string, unknown>,
    name,
    arn,
    ref,
    at(...path) {
      const [first, ...rest] = path;
      const inMetadata = first === 'Metadata';
      const found = inMetadata ? placeIn(metadata, rest, metadata.place) : placeIn(properties, path, place);
      return `${shown}:${found.line}`;
    },
  };
}

function resolveOutputs(
  outputs: ReadonlyMap<string, Entry<Node>>,
  names: Names,
  fail: Fail,
): Record<string, string> {
  const scope = names.resourceScope(() => {});
  const resolved = new Map<string, string>();
  readAll(outputs, ([name, { value, place }]) => {
    const output = entriesOf(value, `output ${name}`, ['Condition', 'Description', 'Export', 'Value'], fail);
    const condition = output.get('Condition')?.value;
    if (condition && !names.condition(literal(condition, 'Condition', fail), condition.place)) return;
    const found = output.get('Value')?.value ?? fail(place, `output ${name} needs a Value`);
    resolved.set(name, textOf(found, scope, `output ${name}`));
  });
  return Object.fromEntries(resolved);
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
  const declarations = readDeclarations(declared, entries.get('Globals')?.value, fail);
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
        fail(place, `${logicalId} depends on ${other}, which is no resource here`);
    }
    if (!names.exists(declaration)) return;
    resolved.set(logicalId, resolveResource(declaration, names, needs, shown, fail));
    for (const { logicalId: other, place } of dependsOn) needs.get(logicalId)!.set(other, place);
  };
  const outputs: Record<string, string> = {};
  readAll<() => void, void>(
    [
      ...[...declarations.values()].map((declaration) => () => read(declaration)),
      () => Object.assign(outputs, resolveOutputs(section('Outputs'), names, fail)),
    ],
    (part) => part(),
  );
  requireOrder(needs, fail);

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
  requireConsistent(template);
  return template;
}
