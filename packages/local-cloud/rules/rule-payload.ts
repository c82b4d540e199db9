// Converts topic rules between the AWS IoT API and templates: the same members, with a small or a capital first letter.

import type { ResolvedResource } from '../template/resolved.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [rename(name), renamed(member, rename)]),
  );
}

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const small = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

/** `TopicRulePayload` of a template as `topicRulePayload` of the API. */
export const apiPayload = (payload: unknown): Json => renamed(payload, small) as Json;

/** A rule of the API in the form of a template's; places in errors are its own member names. */
export function asResource(name: string, arn: string, payload: Json): ResolvedResource {
  return {
    logicalId: name,
    type: 'AWS::IoT::TopicRule',
    properties: { RuleName: name, TopicRulePayload: renamed(payload, capital) },
    metadata: {},
    ...{ name, arn, ref: name },
    at: () => PLACE,
  };
}

/** In place of the template line in errors. */
const PLACE = 'rule';

/** An error of `asResource` without the parts that only help in a template. */
export const withoutPlace = (problem: string): string => problem.replace(/^rule: \w+: /, '');
