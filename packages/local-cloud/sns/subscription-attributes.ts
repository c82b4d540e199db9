// The attributes of a subscription that a call may set, its filter and its dead-letter queue, as SNS names and refuses them.

import { AwsError } from '../aws-error.ts';
import type { QueryParameters } from '../aws/query.ts';
import { noFilter, readFilter, type Filter } from './filter-policy.ts';
import { invalid } from './message.ts';

/** The settings of a subscription that may change at run time. */
export interface Settings {
  /** The filter for the topic's messages. */
  readonly filter: Filter;
  /** ARN of the queue that gets undeliverable messages. */
  readonly redrive?: string;
}

export const noSettings: Settings = { filter: noFilter };

export const isSame = (a: Settings, b: Settings): boolean =>
  a.filter.policy === b.filter.policy && a.filter.scope === b.filter.scope && a.redrive === b.redrive;

const NAMES = ['FilterPolicy', 'FilterPolicyScope', 'RedrivePolicy'] as const;
type Name = (typeof NAMES)[number];

const isName = (text: string): text is Name => (NAMES as readonly string[]).includes(text);

/** @throws AwsError NotImplemented for an attribute that has no effect here */
function checkName(name: string): Name {
  if (isName(name)) return name;
  const shown = JSON.stringify(name.slice(0, 100));
  const message = `The local SNS does not support the subscription attribute ${shown}; it has ${NAMES.join(', ')}`;
  throw new AwsError('NotImplemented', message);
}

/**
 * The ARN in a redrive policy, JSON text such as `{"deadLetterTargetArn": "arn:..."}`; undefined where it is empty.
 *
 * @param isQueue whether the queue exists
 */
export function readRedrive(
  policy: string | undefined,
  isQueue: (arn: string) => boolean,
): { readonly arn: string | undefined } | { readonly problem: string } {
  if (policy === undefined || policy === '') return { arn: undefined };
  let parsed: unknown;
  try {
    parsed = JSON.parse(policy);
  } catch {
    return { problem: 'RedrivePolicy: failed to parse JSON' };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return { problem: 'RedrivePolicy: it must be a JSON object' };
  const { deadLetterTargetArn: arn, ...others } = parsed as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) return { problem: `RedrivePolicy: ${other.slice(0, 100)} is not known` };
  if (arn === undefined) return { arn: undefined };
  if (typeof arn === 'string' && isQueue(arn)) return { arn };
  return { problem: 'RedrivePolicy: deadLetterTargetArn names no queue of this template' };
}

type Given = Partial<Record<Name, string>>;

function settingsOf(given: Given, isQueue: (arn: string) => boolean, prefix: string): Settings {
  const filter = readFilter(given.FilterPolicy, given.FilterPolicyScope);
  if ('problem' in filter) throw invalid(`${prefix}${filter.problem}`);
  const redrive = readRedrive(given.RedrivePolicy, isQueue);
  if ('problem' in redrive) throw invalid(`${prefix}${redrive.problem}`);
  return { filter, ...(redrive.arn !== undefined && { redrive: redrive.arn }) };
}

const policyOf = (arn: string | undefined) =>
  arn === undefined ? undefined : JSON.stringify({ deadLetterTargetArn: arn });

/**
 * The settings in `Attributes` of Subscribe.
 *
 * @returns undefined without attributes
 * @throws AwsError InvalidParameter, NotImplemented
 */
export function subscribedSettings(
  parameters: QueryParameters,
  isQueue: (arn: string) => boolean,
): Settings | undefined {
  const entries = parameters.entries('Attributes.entry');
  if (entries.length === 0) return undefined;
  const given: Given = {};
  for (const entry of entries) {
    const name = checkName(parameters.get(`${entry}.key`) ?? '');
    given[name] = parameters.get(`${entry}.value`) ?? '';
  }
  return settingsOf(given, isQueue, 'Attributes Reason: ');
}

/**
 * The settings after SetSubscriptionAttributes. An empty filter policy lets every message pass, an empty redrive policy removes
 * the dead-letter queue.
 *
 * @throws AwsError InvalidParameter, NotImplemented
 */
export function changedSettings(
  { filter, redrive }: Settings,
  attribute: { readonly name: string; readonly value: string },
  isQueue: (arn: string) => boolean,
): Settings {
  const now = {
    FilterPolicy: filter.policy,
    FilterPolicyScope: filter.scope,
    RedrivePolicy: policyOf(redrive),
  };
  return settingsOf({ ...now, [checkName(attribute.name)]: attribute.value }, isQueue, '');
}

/** In the form of GetSubscriptionAttributes: SNS shows the scope only with a policy. */
export function shownSettings({ filter, redrive }: Settings): Record<string, string> {
  const { policy, scope } = filter;
  return {
    ...(policy !== undefined && { FilterPolicy: policy, FilterPolicyScope: scope }),
    ...(redrive !== undefined && { RedrivePolicy: policyOf(redrive)! }),
  };
}
