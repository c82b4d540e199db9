// The attributes of a subscription that a call may set, its filter policy and what that looks at, as SNS names and refuses them.
import { AwsError } from '../aws-error.ts';
import type { QueryParameters } from '../aws/query.ts';
import { readFilter, type Filter } from './filter-policy.ts';
import { invalid } from './message.ts';

const names = ['FilterPolicy', 'FilterPolicyScope'] as const;
type Name = (typeof names)[number];

const isName = (text: string): text is Name => (names as readonly string[]).includes(text);

/** @throws AwsError NotImplemented: what a subscription here would not heed is refused, never kept without effect */
function checkName(name: string): Name {
  if (isName(name)) return name;
  const shown = JSON.stringify(name.slice(0, 100));
  const message = `The local SNS does not support the subscription attribute ${shown}; it has ${names.join(', ')}`;
  throw new AwsError('NotImplemented', message);
}

function filterOf(given: Partial<Record<Name, string>>, prefix: string): Filter {
  const filter = readFilter(given.FilterPolicy, given.FilterPolicyScope);
  if ('problem' in filter) throw invalid(`${prefix}${filter.problem}`);
  return filter;
}

/**
 * What Subscribe gives as `Attributes`.
 *
 * @returns undefined when it gives none
 * @throws AwsError InvalidParameter, NotImplemented
 */
export function subscribedFilter(parameters: QueryParameters): Filter | undefined {
  const entries = parameters.entries('Attributes.entry');
  if (entries.length === 0) return undefined;
  const given: Partial<Record<Name, string>> = {};
  for (const entry of entries) {
    const name = checkName(parameters.get(`${entry}.key`) ?? '');
    given[name] = parameters.get(`${entry}.value`) ?? '';
  }
  return filterOf(given, 'Attributes Reason: ');
}

/**
 * What SetSubscriptionAttributes makes of a filter. An empty policy lets every message pass.
 *
 * @throws AwsError InvalidParameter, NotImplemented
 */
export function changedFilter(filter: Filter, attribute: string, value: string): Filter {
  const now = { FilterPolicy: filter.policy, FilterPolicyScope: filter.scope };
  return filterOf({ ...now, [checkName(attribute)]: value }, '');
}

/** As GetSubscriptionAttributes shows them: SNS names the scope only beside a policy. */
export const shownFilter = ({ policy, scope }: Filter): Record<string, string> =>
  policy === undefined ? {} : { FilterPolicy: policy, FilterPolicyScope: scope };
