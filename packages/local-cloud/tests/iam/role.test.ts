// The decisions of a role, as a table: allowed calls, refused calls, and the messages.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Need } from '../../iam/need.ts';
import type { RoleSource } from '../../iam/role-source.ts';
import { createRole } from '../../iam/role.ts';

const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/readings';
const clock = { now: () => Date.UTC(2026, 10, 30) };

type Json = Readonly<Record<string, unknown>>;

const sourceOf = (statements: readonly Json[], boundary?: readonly Json[]): RoleSource => {
  const policyOf = (name: string, list: readonly Json[]) => ({
    name,
    document: JSON.stringify({ Version: '2012-10-17', Statement: list }),
    places: list.map((_each, index) => ({ at: `template.yaml:${index + 10}`, actions: [], resources: [] })),
  });
  return {
    functionId: 'Fn',
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:app-Fn',
    roleId: 'FnRole',
    roleArn: 'arn:aws:iam::000000000000:role/app-FnRole',
    sessionArn: 'arn:aws:sts::000000000000:assumed-role/app-FnRole/app-Fn',
    policies: [policyOf('Own', statements)],
    boundary: boundary && [policyOf('Boundary', boundary)],
    undecided: undefined,
  };
};

const allow = (action: unknown, resource: unknown, more: Json = {}) => ({
  ...{ Effect: 'Allow', Action: action, Resource: resource },
  ...more,
});
const put = (key: string): Need => ({
  action: 'dynamodb:PutItem',
  resource: TABLE,
  keys: { 'dynamodb:leadingkeys': [key] },
});
const get: Need = { action: 'dynamodb:GetItem', resource: TABLE };
const leading = (values: unknown) => ({
  Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': values } },
});
const list = (prefix?: string): Need => ({
  action: 's3:ListBucket',
  resource: 'arn:aws:s3:::bucket',
  ...(prefix !== undefined && { keys: { 's3:prefix': prefix } }),
});
const deny = (action: unknown, resource: unknown) => ({ Effect: 'Deny', Action: action, Resource: resource });

const cases: readonly (readonly [
  title: string,
  statements: readonly Json[],
  need: Need,
  allowed: boolean,
])[] = [
  ['the action on the table', [allow('dynamodb:GetItem', TABLE)], get, true],
  ['an action in other letters', [allow('DynamoDB:getitem', TABLE)], get, true],
  ['another action', [allow('dynamodb:Query', TABLE)], get, false],
  ['another table', [allow('dynamodb:GetItem', `${TABLE}-old`)], get, false],
  ['no statement at all for it', [allow('s3:*', '*')], get, false],
  ['a glob of actions', [allow('dynamodb:Get*', TABLE)], get, true],
  ['a glob of resources', [allow('dynamodb:*', 'arn:aws:dynamodb:*:*:table/read*')], get, true],
  [
    'the table for an index',
    [allow('dynamodb:Query', TABLE)],
    { action: 'dynamodb:Query', resource: `${TABLE}/index/Days` },
    false,
  ],
  ['a Deny beside an Allow', [allow('dynamodb:*', '*'), deny('dynamodb:GetItem', TABLE)], get, false],
  ['a Deny of something else', [allow('dynamodb:*', '*'), deny('dynamodb:PutItem', TABLE)], get, true],
  ['NotAction', [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }], get, true],
  ['NotAction that names it', [{ Effect: 'Allow', NotAction: 'dynamodb:*', Resource: '*' }], get, false],
  ['NotResource', [{ Effect: 'Allow', Action: 'dynamodb:*', NotResource: `${TABLE}-old` }], get, true],
  ['NotResource that names it', [{ Effect: 'Allow', Action: 'dynamodb:*', NotResource: TABLE }], get, false],
  ['a leading key that fits', [allow('dynamodb:PutItem', TABLE, leading(['hour/*']))], put('hour/5'), true],
  [
    'a leading key that does not fit',
    [allow('dynamodb:PutItem', TABLE, leading(['hour/*']))],
    put('list/5'),
    false,
  ],
  ['ForAllValues without a value', [allow('dynamodb:GetItem', TABLE, leading(['hour/*']))], get, true],
  [
    'ForAllValues and Null without a value',
    [
      allow('dynamodb:GetItem', TABLE, {
        Condition: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['hour/*'] },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      }),
    ],
    get,
    false,
  ],
  [
    'a prefix that fits',
    [allow('s3:ListBucket', '*', { Condition: { StringLike: { 's3:prefix': 'raw/*' } } })],
    list('raw/2026'),
    true,
  ],
  [
    'another prefix',
    [allow('s3:ListBucket', '*', { Condition: { StringLike: { 's3:prefix': 'raw/*' } } })],
    list('x'),
    false,
  ],
  [
    'no prefix',
    [allow('s3:ListBucket', '*', { Condition: { StringLike: { 's3:prefix': 'raw/*' } } })],
    list(),
    false,
  ],
  [
    'a condition on time that holds',
    [allow('dynamodb:*', '*', { Condition: { DateLessThan: { 'aws:CurrentTime': '2027-01-01' } } })],
    get,
    true,
  ],
  [
    'a condition on time that does not hold',
    [allow('dynamodb:*', '*', { Condition: { DateLessThan: { 'aws:CurrentTime': '2026-01-01' } } })],
    get,
    false,
  ],
  [
    'a variable of the principal',
    [allow('dynamodb:*', 'arn:aws:dynamodb:*:${aws:PrincipalAccount}:table/*')],
    get,
    true,
  ],
  ['a document of version 2008 is read', [allow(['dynamodb:GetItem'], [TABLE])], get, true],
];

test.each(cases)('%s', (_title, statements, need, allowed) => {
  const verdict = createRole(sourceOf(statements), clock).decide(need);
  assert.equal(verdict.allowed, allowed, verdict.reason);
});

const who = 'User: arn:aws:sts::000000000000:assumed-role/app-FnRole/app-Fn is not authorized to perform: ';

test('refuses in the words of AWS, for want of a policy and by a Deny', () => {
  const on = `${who}dynamodb:GetItem on resource: ${TABLE}`;
  const without = createRole(sourceOf([allow('s3:*', '*')]), clock).decide(get);
  assert.equal(without.message, `${on} because no identity-based policy allows the dynamodb:GetItem action`);
  const denied = createRole(sourceOf([allow('*', '*'), deny('dynamodb:*', '*')]), clock).decide(get);
  assert.equal(denied.message, `${on} with an explicit deny in an identity-based policy`);
  assert.equal(denied.by, 'Own#2');
});

test('a permissions boundary limits what the policies allow, and allows nothing by itself', () => {
  const within = (own: Json, boundary: Json) => createRole(sourceOf([own], [boundary]), clock).decide(get);
  assert.equal(within(allow('dynamodb:*', '*'), allow('dynamodb:GetItem', '*')).allowed, true);
  assert.equal(within(allow('s3:*', '*'), allow('dynamodb:GetItem', '*')).allowed, false);
  const outside = within(allow('dynamodb:*', '*'), allow('s3:*', '*'));
  assert.match(outside.message, /because no permissions boundary allows the dynamodb:GetItem action$/);
});

test('a condition key without a value here refuses nothing, and is named with its place', () => {
  const condition = { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'blue' } } };
  const role = createRole(
    sourceOf([allow('dynamodb:*', '*', condition), { ...deny('*', '*'), ...condition }]),
    clock,
  );
  assert.equal(role.decide(get).allowed, true);
  assert.deepEqual(role.notes, [
    'template.yaml:10: the condition key aws:principaltag/team is not evaluated here',
    'template.yaml:11: the condition key aws:principaltag/team is not evaluated here',
  ]);
});

test('a policy that AWS would refuse stops the start with its place', () => {
  assert.throws(() => createRole(sourceOf([allow('GetItem', TABLE)]), clock), {
    message: /^template\.yaml:10: Own: .*"GetItem" is not an action/,
  });
});
