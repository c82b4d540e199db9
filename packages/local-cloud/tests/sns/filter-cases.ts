// Reads filter policies and builds messages for the tests of filters.

import assert from 'node:assert/strict';
import { readFilter, type Filter, type FilterScope } from '../../sns/filter-policy.ts';
import type { Attribute } from '../../sns/attributes.ts';

export type Attributes = Readonly<Record<string, Attribute>>;

/** A filter that SNS takes. */
export function filterOf(policy: object | string, scope: FilterScope = 'MessageAttributes'): Filter {
  const filter = readFilter(typeof policy === 'string' ? policy : JSON.stringify(policy), scope);
  if ('problem' in filter) assert.fail(filter.problem);
  return filter;
}

export const text = (value: string): Attribute => ({ type: 'String', value });
export const number = (value: number | string): Attribute => ({ type: 'Number', value: String(value) });
export const list = (...items: readonly unknown[]): Attribute => ({
  type: 'String.Array',
  value: JSON.stringify(items),
});

/** Whether a message with these attributes passes the policy. */
export const passes = (policy: object | string, attributes: Attributes): boolean =>
  filterOf(policy).accepts({ attributes, body: '' });

/** Whether a message with this body passes the policy; text stays as it is. */
export const bodyPasses = (policy: object | string, body: unknown): boolean =>
  filterOf(policy, 'MessageBody').accepts({
    attributes: {},
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
