// Does what SAM's transform does before anything is resolved: expands what is short for several resources.

import { noteProblems, readAll } from '../start-error.ts';
import type { Declaration } from './declarations.ts';
import type { Entry, MapNode, Node } from './document.ts';
import { expandEvent } from './expand-events.ts';
import { inlineSubscriptions, rewrites } from './expand-resources.ts';
import { listNode, mapNode, refNode, without, withMembers } from './nodes.ts';
import { type Fail, literal, mapOf } from './sections.ts';

/** Notifications of functions to add to buckets, by the bucket's logical ID. */
type Notifications = Map<string, { owner: string; at: Entry<Node>['place']; entries: Node[] }>;

interface Work {
  readonly declared: ReadonlyMap<string, Declaration>;
  readonly result: Map<string, Declaration>;
  readonly notifications: Notifications;
  readonly fail: Fail;
}

const nothing = (place: Declaration['place']): MapNode => ({ kind: 'map', entries: new Map(), place });

/** With the condition and the place of `owner`. */
function add(
  { declared, result, fail }: Work,
  owner: Declaration,
  logicalId: string,
  type: string,
  properties: MapNode,
): void {
  if (declared.has(logicalId) || result.has(logicalId))
    fail(
      properties.place,
      `${owner.logicalId} becomes a resource that SAM names ${logicalId}, which the template has already: rename one of them`,
    );
  const { place } = properties;
  result.set(logicalId, {
    ...{ logicalId, place, type, typePlace: place, dependsOn: [], properties, metadata: nothing(place) },
    ...(owner.condition && { condition: owner.condition }),
  });
}

/** The implicit API of SAM, which events without an ApiId share. */
const IMPLICIT_API = 'ServerlessHttpApi';

/** Makes an event of type HttpApi name its API, also where that is the implicit one of SAM. */
function withApi(event: Entry<Node>, properties: MapNode): Entry<Node> {
  const { place } = event;
  const named = withMembers(properties, mapNode({ ApiId: refNode(IMPLICIT_API, place) }, place));
  const { value } = event;
  return {
    place,
    value: value.kind === 'map' ? withMembers(value, mapNode({ Properties: named }, named.place)) : value,
  };
}

function expandEvents(work: Work, owner: Declaration): Declaration {
  const { logicalId, properties } = owner;
  const events = properties.entries.get('Events');
  if (!events) return owner;
  const rest = without(properties, ['Events']);
  const kept = new Map<string, Entry<Node>>();
  // A problem with an event is reported once.
  work.result.set(logicalId, { ...owner, properties: rest });
  readAll(mapOf(events.value, `Events of ${logicalId}`, work.fail).entries, ([name, event]) => {
    const { entries } = mapOf(event.value, `event ${name} of ${logicalId}`, work.fail);
    const typeNode =
      entries.get('Type')?.value ??
      work.fail(event.place, `${logicalId}: event ${name} needs a Type, such as IoTRule or HttpApi`);
    const type = literal(typeNode, `Type of event ${name}`, work.fail);
    const given = entries.get('Properties');
    const inner = given ? mapOf(given.value, `Properties of event ${name}`, work.fail) : nothing(event.place);
    const found = expandEvent({
      ...{ owner, name, type, place: typeNode.place, properties: inner, fail: work.fail },
    });
    if (!found) {
      const implicit = type === 'HttpApi' && !inner.entries.has('ApiId');
      kept.set(name, implicit ? withApi(event, inner) : event);
      return;
    }
    for (const { suffix, type: added, properties: its } of found.resources)
      add(work, owner, logicalId + suffix, added, its);
    if (!found.notification) return;
    const { bucket, at, entries: more } = found.notification;
    const known = work.notifications.get(bucket);
    if (known) known.entries.push(...more);
    else work.notifications.set(bucket, { owner: logicalId, at, entries: [...more] });
  });
  const { place } = events;
  const left: MapNode = { kind: 'map', entries: kept, place: events.value.place };
  return {
    ...owner,
    properties:
      kept.size === 0 ? rest : withMembers(rest, mapNode({ Events: { place, value: left } }, place)),
  };
}

function addSubscriptions(work: Work, declaration: Declaration): Declaration {
  const { topic, subscriptions } = inlineSubscriptions(declaration, work.fail);
  for (const [index, { properties }] of subscriptions.entries())
    add(work, declaration, `${topic.logicalId}Subscription${index}`, 'AWS::SNS::Subscription', properties);
  return topic;
}

/** A type may have the name of a member that every object has. */
const of = <T>(table: Readonly<Record<string, T>>, type: string): T | undefined =>
  Object.hasOwn(table, type) ? table[type] : undefined;

const EXPANSIONS: Readonly<Record<string, (work: Work, declaration: Declaration) => Declaration>> = {
  'AWS::Serverless::Function': expandEvents,
  'AWS::SNS::Topic': addSubscriptions,
};

/** SAM adds the notifications for functions to the bucket. */
function notify({ result, notifications, fail }: Work): void {
  for (const [logicalId, { owner, at, entries }] of notifications) {
    const bucket = result.get(logicalId);
    if (bucket?.type !== 'AWS::S3::Bucket')
      return fail(at, `${owner}: ${logicalId} is not an AWS::S3::Bucket of this template: refer to one`);
    const given = bucket.properties.entries.get('NotificationConfiguration')?.value;
    const before = given ? mapOf(given, `NotificationConfiguration of ${logicalId}`, fail) : nothing(at);
    const lambdas = before.entries.get('LambdaConfigurations')?.value;
    const items = [...(lambdas?.kind === 'list' ? lambdas.items : []), ...entries];
    const after = withMembers(before, mapNode({ LambdaConfigurations: listNode(items, at) }, at));
    const properties = withMembers(bucket.properties, mapNode({ NotificationConfiguration: after }, at));
    result.set(logicalId, { ...bucket, properties });
  }
}

function needsImplicitApi(declaration: Declaration): boolean {
  const events = declaration.properties.entries.get('Events')?.value;
  const values = events?.kind === 'map' ? [...events.entries.values()].map(({ value }) => value) : [];
  return values.some((event) => {
    const properties = event.kind === 'map' ? event.entries.get('Properties')?.value : undefined;
    const id = properties?.kind === 'map' ? properties.entries.get('ApiId')?.value : undefined;
    return id?.kind === 'call' && id.argument.kind === 'scalar' && id.argument.text === IMPLICIT_API;
  });
}

export interface ExpandedDeclarations {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** A line for every unsupported event or form of a resource, so that other problems are found too. */
  readonly problems: readonly string[];
}

/**
 * The resources that SAM makes of those of the template, in their order; each added one is after its owner.
 *
 * @param api properties of the implicit HTTP API, from Globals
 */
export function expandDeclarations(
  declared: ReadonlyMap<string, Declaration>,
  api: MapNode | undefined,
  fail: Fail,
): ExpandedDeclarations {
  const problems: string[] = [];
  const work: Work = { declared, result: new Map(), notifications: new Map(), fail };
  for (const [logicalId, written] of declared) {
    noteProblems(problems, () => {
      work.result.set(logicalId, written);
      const declaration = of(rewrites, written.type)?.(written, fail) ?? written;
      work.result.set(logicalId, declaration);
      work.result.set(logicalId, of(EXPANSIONS, declaration.type)?.(work, declaration) ?? declaration);
    });
  }
  noteProblems(problems, () => notify(work));
  const first = [...work.result.values()].find(needsImplicitApi);
  if (first && !declared.has(IMPLICIT_API)) {
    const { condition: _ofOne, ...owner } = first;
    add(work, owner, IMPLICIT_API, 'AWS::Serverless::HttpApi', api ?? nothing(first.place));
  }
  return { declarations: work.result, problems };
}
