// Topic rules as the AWS IoT API writes them, and as templates do: the same members, with a small or a capital letter in front.

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

/** A rule of the API as if it stood in a template; places in errors are its own names. */
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

/** Stands where an error of the template has its line. */
const PLACE = 'rule';

/** An error of `asResource` without what only helps in a template. */
export const withoutPlace = (problem: string): string => problem.replace(/^rule: \w+: /, '');
