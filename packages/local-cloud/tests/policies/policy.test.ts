// The policy evaluator, cell by cell: wildcards, variables, every condition operator, explicit and implicit deny.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { compilePolicy, MAXIMUM_POLICY_SIZE, PolicyError } from '../../policies/document.ts';
import { canonicalKey } from '../../policies/key.ts';
import { createEvaluator } from '../../policies/policy.ts';

const prefix = 'arn:aws:iot:us-east-1:000000000000:';

interface Given {
  readonly statement: object | readonly object[];
  readonly values?: Readonly<Record<string, string | readonly string[]>>;
  readonly action?: string;
  readonly resource?: string;
}

function decide({ statement, values = {}, action = 'iot:Publish', resource = 'topic/a' }: Given) {
  const document = JSON.stringify({ Version: '2012-10-17', Statement: statement });
  const table = new Map(Object.entries(values));
  const lookup = (key: string) => table.get(canonicalKey(key) ?? '');
  return createEvaluator('certificate x', compilePolicy('P', document), lookup).decide(
    action,
    prefix + resource,
  );
}

const allow = (more: object) => ({ Effect: 'Allow', Action: 'iot:Publish', Resource: '*', ...more });

const patterns: readonly (readonly [pattern: string, resource: string, matches: boolean])[] = [
  ['topic/a', 'topic/a', true],
  ['topic/a', 'topic/a/b', false],
  ['topic/a', 'topic/A', false],
  ['topic/*', 'topic/a/b/c', true],
  ['topic/*', 'topic/', true],
  ['topic/*', 'topicfilter/a', false],
  ['topic/a/*/c', 'topic/a/b/b/c', true],
  ['topic/a/*/c', 'topic/a/c', false],
  ['topic/*a', 'topic/aba', true],
  ['topic/*ab*ab', 'topic/ab', false],
  ['topic/*ab*ab', 'topic/abxab', true],
  ['topic/**', 'topic/x', true],
  ['topic/?', 'topic/x', true],
  ['topic/?', 'topic/', false],
  ['topic/?', 'topic/xy', false],
  ['topic/?', 'topic/😀', true],
  ['topic/a?c*e', 'topic/abcde', true],
  ['topic/*?', 'topic/', false],
  ['topicfilter/a/+', 'topicfilter/a/+', true],
  ['topicfilter/a/+', 'topicfilter/a/b', false],
  ['topicfilter/a/#', 'topicfilter/a/#', true],
  ['topicfilter/a/#', 'topicfilter/a/b', false],
  ['topicfilter/a/*', 'topicfilter/a/#', true],
  ['topic/${*}', 'topic/*', true],
  ['topic/${*}', 'topic/x', false],
  ['topic/${?}', 'topic/?', true],
  ['topic/${$}{x}', 'topic/${x}', true],
  ['topic/$aws/rules/*', 'topic/$aws/rules/r/a', true],
  ['topic/${iot:ClientId}', 'topic/c*', true],
  ['topic/${iot:ClientId}', 'topic/cx', false],
  ['topic/${IOT:clientid}', 'topic/c*', true],
  ['topic/${iot:Connection.Thing.ThingName}', 'topic/', false],
  ['topic/${iot:Connection.Thing.ThingName}', 'topic/${iot:Connection.Thing.ThingName}', false],
  ['topic/${iot:Connection.Thing.Attributes[City]}/x', 'topic/Seattle/x', true],
  ['topic/${iot:Connection.Thing.Attributes[city]}/x', 'topic/Seattle/x', false],
  ['topic/${iot:Certificate.Subject.Organization.1}', 'topic/Second', true],
  ['topic/${iot:Certificate.Subject.Organization.0}', 'topic/First', true],
  ['topic/${iot:Certificate.Subject.Organization.2}', 'topic/', false],
  ['topic/${iot:Certificate.Subject.Organization.List}', 'topic/First', false],
];
const connection = {
  'iot:ClientId': 'c*',
  'iot:Connection.Thing.Attributes[City]': 'Seattle',
  'iot:Certificate.Subject.Organization': 'First',
  'iot:Certificate.Subject.Organization.1': 'Second',
  'iot:Certificate.Subject.Organization.List': ['First', 'Second'],
};
for (const [pattern, resource, matches] of patterns) {
  test(`resource ${pattern} ${matches ? 'covers' : 'does not cover'} ${resource}`, () => {
    const statement = allow({ Resource: prefix + pattern });
    assert.equal(decide({ statement, values: connection, resource }).allowed, matches);
  });
}

const actions: readonly (readonly [action: unknown, asked: string, matches: boolean])[] = [
  ['iot:Publish', 'iot:Publish', true],
  ['IOT:publish', 'iot:Publish', true],
  ['iot:*', 'iot:Receive', true],
  ['*', 'iot:Connect', true],
  ['iot:Re*', 'iot:RetainPublish', true],
  ['iot:Re*', 'iot:Publish', false],
  ['iot:Receiv?', 'iot:Receive', true],
  [['iot:Connect', 'iot:Receive'], 'iot:Receive', true],
  [['iot:Connect', 'iot:Receive'], 'iot:Publish', false],
];
for (const [action, asked, matches] of actions) {
  test(`action ${JSON.stringify(action)} ${matches ? 'covers' : 'does not cover'} ${asked}`, () => {
    assert.equal(decide({ statement: allow({ Action: action }), action: asked }).allowed, matches);
  });
}

type Values = Readonly<Record<string, string | readonly string[]>>;
const one = (value: string): Values => ({ 'iot:ClientId': value });
const organizations = (...list: string[]): Values => ({ 'iot:Certificate.Subject.Organization.List': list });
const key = 'iot:ClientId';
const listKey = 'iot:Certificate.Subject.Organization.List';

const conditions: readonly (readonly [
  operator: string,
  key: string,
  wanted: unknown,
  values: Values,
  holds: boolean,
])[] = [
  ['StringEquals', key, 'a', one('a'), true],
  ['StringEquals', key, 'a', one('A'), false],
  ['StringEquals', key, ['x', 'a'], one('a'), true],
  ['StringEquals', key, 'a', {}, false],
  ['StringEquals', key, '*', one('a'), false],
  [
    'StringEquals',
    key,
    '${iot:Connection.Thing.ThingName}',
    { ...one('t'), 'iot:Connection.Thing.ThingName': 't' },
    true,
  ],
  ['StringEquals', key, '${iot:Connection.Thing.ThingName}', one('t'), false],
  ['StringNotEquals', key, 'a', one('b'), true],
  ['StringNotEquals', key, ['a', 'b'], one('b'), false],
  ['StringNotEquals', key, 'a', {}, true],
  ['StringEqualsIgnoreCase', key, 'aB', one('Ab'), true],
  ['StringNotEqualsIgnoreCase', key, 'aB', one('Ab'), false],
  ['StringLike', key, 'a*c?', one('abbcd'), true],
  ['StringLike', key, 'a*c?', one('abbc'), false],
  ['StringNotLike', key, 'a*', one('abc'), false],
  ['StringEqualsIfExists', key, 'a', {}, true],
  ['StringEqualsIfExists', key, 'a', one('b'), false],
  ['NumericEquals', key, '10', one('10.0'), true],
  ['NumericEquals', key, 10, one('10'), true],
  ['NumericNotEquals', key, '10', one('11'), true],
  ['NumericLessThan', key, '10', one('9.5'), true],
  ['NumericLessThan', key, '10', one('10'), false],
  ['NumericLessThanEquals', key, '10', one('10'), true],
  ['NumericGreaterThan', key, '10', one('10'), false],
  ['NumericGreaterThanEquals', key, '10', one('10'), true],
  ['NumericEquals', key, '10', one('ten'), false],
  [
    'DateEquals',
    'aws:CurrentTime',
    '2026-11-20T12:00:00Z',
    { 'aws:CurrentTime': '2026-11-20T12:00:00.000Z' },
    true,
  ],
  [
    'DateNotEquals',
    'aws:CurrentTime',
    '2026-11-20T12:00:00Z',
    { 'aws:CurrentTime': '2026-11-20T12:00:00Z' },
    false,
  ],
  [
    'DateLessThan',
    'aws:CurrentTime',
    '2026-11-21T00:00:00Z',
    { 'aws:CurrentTime': '2026-11-20T12:00:00Z' },
    true,
  ],
  ['DateLessThanEquals', 'aws:EpochTime', '1790000000', { 'aws:EpochTime': '1790000000' }, true],
  [
    'DateGreaterThan',
    'aws:CurrentTime',
    '2026-11-21T00:00:00Z',
    { 'aws:CurrentTime': '2026-11-20T12:00:00Z' },
    false,
  ],
  ['DateGreaterThanEquals', 'aws:EpochTime', '2026-09-21T14:13:20Z', { 'aws:EpochTime': '1790000000' }, true],
  ['Bool', 'iot:Connection.Thing.IsAttached', 'true', { 'iot:Connection.Thing.IsAttached': 'true' }, true],
  ['Bool', 'iot:Connection.Thing.IsAttached', true, { 'iot:Connection.Thing.IsAttached': 'true' }, true],
  [
    'Bool',
    'iot:Connection.Thing.IsAttached',
    ['true'],
    { 'iot:Connection.Thing.IsAttached': 'false' },
    false,
  ],
  ['IpAddress', 'aws:SourceIp', '192.0.2.0/24', { 'aws:SourceIp': '192.0.2.77' }, true],
  ['IpAddress', 'aws:SourceIp', ['10.0.0.0/8', '192.0.2.1'], { 'aws:SourceIp': '192.0.2.1' }, true],
  ['IpAddress', 'aws:SourceIp', '192.0.2.0/24', { 'aws:SourceIp': '192.0.3.1' }, false],
  ['IpAddress', 'aws:SourceIp', '2001:db8::/32', { 'aws:SourceIp': '2001:db8:1::5' }, true],
  ['IpAddress', 'aws:SourceIp', '2001:db8::/32', { 'aws:SourceIp': '192.0.2.1' }, false],
  ['NotIpAddress', 'aws:SourceIp', '192.0.2.0/24', { 'aws:SourceIp': '192.0.2.77' }, false],
  ['ArnEquals', 'iot:LastWillTopic', `${prefix}topic/w`, { 'iot:LastWillTopic': `${prefix}topic/w` }, true],
  [
    'ArnLike',
    'iot:LastWillTopic',
    'arn:aws:iot:*:*:topic/w/*',
    { 'iot:LastWillTopic': `${prefix}topic/w/a:b` },
    true,
  ],
  ['ArnLike', 'iot:LastWillTopic', 'arn:*:x:x:x:topic/w', { 'iot:LastWillTopic': `${prefix}topic/w` }, false],
  [
    'ArnNotEquals',
    'iot:LastWillTopic',
    `${prefix}topic/w`,
    { 'iot:LastWillTopic': `${prefix}topic/v` },
    true,
  ],
  ['ArnNotLike', 'iot:LastWillTopic', `${prefix}topic/*`, { 'iot:LastWillTopic': `${prefix}topic/v` }, false],
  ['Null', key, 'true', {}, true],
  ['Null', key, 'true', one('a'), false],
  ['Null', key, 'false', one('a'), true],
  ['ForAllValues:StringEquals', listKey, ['a', 'b'], organizations('a', 'b'), true],
  ['ForAllValues:StringEquals', listKey, ['a', 'b'], organizations('a', 'c'), false],
  ['ForAllValues:StringEquals', listKey, ['a'], {}, true],
  ['ForAllValues:StringEquals', listKey, [], organizations('a'), false],
  ['ForAllValues:StringNotEquals', listKey, ['a'], organizations('b', 'c'), true],
  ['ForAllValues:StringNotEquals', listKey, ['a'], organizations('a', 'c'), false],
  ['ForAnyValue:StringEquals', listKey, ['a'], organizations('c', 'a'), true],
  ['ForAnyValue:StringEquals', listKey, ['a'], organizations('c'), false],
  ['ForAnyValue:StringEquals', listKey, ['a'], {}, false],
  ['ForAnyValue:StringLike', listKey, ['a*'], organizations('c', 'abc'), true],
  ['ForAnyValue:StringNotEquals', listKey, ['a'], organizations('a', 'b'), true],
  ['ForAnyValue:StringEqualsIfExists', listKey, ['a'], {}, true],
];
for (const [operator, conditionKey, wanted, values, holds] of conditions) {
  test(`${operator} ${JSON.stringify(wanted)} ${holds ? 'holds' : 'fails'} with ${JSON.stringify(values)}`, () => {
    const statement = allow({ Condition: { [operator]: { [conditionKey]: wanted } } });
    assert.equal(decide({ statement, values }).allowed, holds);
  });
}

test('all operators and all keys of a condition must hold', () => {
  const both = {
    StringEquals: { 'iot:ClientId': 'a', 'aws:SourceIp': '1.1.1.1' },
    Bool: { 'aws:SecureTransport': 'true' },
  };
  const values = { 'iot:ClientId': 'a', 'aws:SourceIp': '1.1.1.1', 'aws:SecureTransport': 'true' };
  assert.equal(decide({ statement: allow({ Condition: both }), values }).allowed, true);
  assert.equal(
    decide({ statement: allow({ Condition: both }), values: { ...values, 'iot:ClientId': 'b' } }).allowed,
    false,
  );
});

test('an explicit deny overrides every allow, in any position', () => {
  const statement = [
    allow({ Sid: 'All' }),
    { Sid: 'Never', Effect: 'Deny', Action: 'iot:*', Resource: `${prefix}topic/a` },
  ];
  assert.deepEqual(decide({ statement }), {
    allowed: false,
    reason: 'denied by P statement 2 (Sid Never)',
    policyName: 'P',
    statement: 2,
  });
  assert.equal(decide({ statement, resource: 'topic/b' }).reason, 'allowed by P statement 1 (Sid All)');
});

test('a deny whose condition does not hold denies nothing', () => {
  const deny = {
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition: { StringEquals: { 'iot:ClientId': 'x' } },
  };
  assert.equal(decide({ statement: [deny, allow({})], values: one('y') }).allowed, true);
});

test('NotAction and NotResource cover everything else', () => {
  const statement = { Effect: 'Allow', NotAction: 'iot:Connect', NotResource: `${prefix}topic/secret` };
  assert.equal(decide({ statement }).allowed, true);
  assert.equal(decide({ statement, action: 'iot:Connect' }).allowed, false);
  assert.equal(decide({ statement, resource: 'topic/secret' }).allowed, false);
});

test('a variable without a value in NotResource never opens an Allow and never weakens a Deny', () => {
  const NotResource = `${prefix}topic/\${iot:Connection.Thing.ThingName}`;
  const open = { Effect: 'Allow', Action: '*', NotResource };
  const shut = { Effect: 'Deny', Action: '*', NotResource };
  assert.equal(decide({ statement: open }).allowed, false);
  assert.equal(decide({ statement: [allow({}), shut] }).allowed, false);
});

test('the reason of an implicit deny names the missing permission and the nearest statement', () => {
  const own = allow({ Sid: 'Own', Resource: `${prefix}topic/\${iot:Connection.Thing.ThingName}` });
  assert.equal(
    decide({ statement: own }).reason,
    'no policy of certificate x allows iot:Publish on topic/a' +
      ' (nearest: P statement 1 (Sid Own): ${iot:Connection.Thing.ThingName} has no value)',
  );
  assert.equal(
    decide({ statement: own, action: 'iot:Subscribe', resource: 'topicfilter/a' }).reason,
    'no policy of certificate x allows iot:Subscribe on topicfilter/a',
  );
  const attached = allow({ Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } });
  assert.match(
    decide({ statement: attached, values: { 'iot:Connection.Thing.IsAttached': 'false' } }).reason,
    /nearest: P statement 1: condition Bool iot:Connection.Thing.IsAttached does not hold/,
  );
});

const malformed: readonly (readonly [what: string, document: unknown, message: RegExp])[] = [
  ['no JSON', '{', /JSON/],
  ['an array', [], /JSON object/],
  ['no version', { Statement: allow({}) }, /Version: must be "2012-10-17"/],
  ['an old version', { Version: '2008-10-17', Statement: allow({}) }, /Version: must be/],
  ['no statement', { Version: '2012-10-17', Statement: [] }, /Statement: there is no statement/],
  [
    'an unknown member',
    { Version: '2012-10-17', Statement: allow({}), Statment: 1 },
    /Statment: an AWS IoT policy has no element/,
  ],
  [
    'a principal',
    { Version: '2012-10-17', Statement: allow({ Principal: '*' }) },
    /Statement\[0\]\.Principal/,
  ],
  [
    'no effect',
    { Version: '2012-10-17', Statement: allow({ Effect: 'allow' }) },
    /Statement\[0\]\.Effect: Allow or Deny/,
  ],
  [
    'both actions',
    { Version: '2012-10-17', Statement: allow({ NotAction: 'iot:*' }) },
    /either Action or NotAction/,
  ],
  [
    'no resource',
    { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*' } },
    /either Resource or NotResource/,
  ],
  [
    'an action of another service',
    { Version: '2012-10-17', Statement: allow({ Action: 's3:GetObject' }) },
    /an action of AWS IoT/,
  ],
  [
    'an action that does not exist',
    { Version: '2012-10-17', Statement: allow({ Action: ['iot:Publish', 'iot:Conect'] }) },
    /Statement\[0\]\.Action: "iot:Conect" is not an action .*: did you mean iot:Connect\?$/,
  ],
  [
    'a wildcard that covers no action',
    { Version: '2012-10-17', Statement: allow({ NotAction: 'iot:Shadow*', Action: undefined }) },
    /"iot:Shadow\*" is not an action that policies of AWS IoT have$/,
  ],
  [
    'a resource that is not an ARN',
    { Version: '2012-10-17', Statement: allow({ Resource: 'topic/a' }) },
    /neither \* nor an ARN/,
  ],
  [
    'an unknown variable',
    { Version: '2012-10-17', Statement: allow({ Resource: `${prefix}topic/\${aws:UserName}` }) },
    /\$\{aws:UserName\} is not one/,
  ],
  [
    'an open variable',
    { Version: '2012-10-17', Statement: allow({ Resource: `${prefix}topic/\${iot:ClientId` }) },
    /no closing brace/,
  ],
  [
    'an unknown operator',
    { Version: '2012-10-17', Statement: allow({ Condition: { StringMatches: { 'iot:ClientId': 'a' } } }) },
    /StringMatches does not exist/,
  ],
  [
    'an unknown key',
    { Version: '2012-10-17', Statement: allow({ Condition: { StringEquals: { 'aws:UserId': 'a' } } }) },
    /aws:UserId is not one/,
  ],
  [
    '__proto__ as operator',
    `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"__proto__":{"iot:ClientId":"a"}}}}`,
    /__proto__ does not exist/,
  ],
  [
    'a CIDR that is none',
    {
      Version: '2012-10-17',
      Statement: allow({ Condition: { IpAddress: { 'aws:SourceIp': '1.2.3.4/33' } } }),
    },
    /an IP address or CIDR/,
  ],
  [
    'a number that is none',
    { Version: '2012-10-17', Statement: allow({ Condition: { NumericEquals: { 'iot:ClientId': 'x' } } }) },
    /"x" is not a number/,
  ],
  [
    'a date that is none',
    { Version: '2012-10-17', Statement: allow({ Condition: { DateEquals: { 'aws:CurrentTime': 'now' } } }) },
    /"now" is not a date/,
  ],
  [
    'a boolean that is none',
    { Version: '2012-10-17', Statement: allow({ Condition: { Bool: { 'aws:SecureTransport': 'yes' } } }) },
    /neither true nor false/,
  ],
  [
    'an ARN that is none',
    {
      Version: '2012-10-17',
      Statement: allow({ Condition: { ArnLike: { 'iot:LastWillTopic': 'topic/w' } } }),
    },
    /is not an ARN/,
  ],
  ['a Sid with a space', { Version: '2012-10-17', Statement: allow({ Sid: 'a b' }) }, /letters and digits/],
  [
    'too many characters',
    { Version: '2012-10-17', Statement: allow({ Resource: `${prefix}topic/${'a'.repeat(2048)}` }) },
    /longer than 2048 characters/,
  ],
];
for (const [what, document, message] of malformed) {
  test(`a document with ${what} is refused, naming the place`, () => {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    assert.throws(
      () => compilePolicy('P', text),
      (error) =>
        error instanceof PolicyError &&
        error.code === 'MalformedPolicyException' &&
        message.test(error.message),
    );
  });
}

test('the actions that AWS IoT documents for policies are known, in any case of letters', () => {
  const Action = [
    '*',
    'iot:*',
    'IOT:connect',
    'iot:Get*',
    'iot:?ublish',
    'iotjobsdata:*',
    'greengrass:Discover',
  ];
  const document = JSON.stringify({ Version: '2012-10-17', Statement: allow({ Action }) });
  assert.equal(compilePolicy('P', document)[0]!.actions.patterns.length, Action.length);
});

test('white space does not count towards the size of a document', () => {
  const document = JSON.stringify({ Version: '2012-10-17', Statement: allow({}) }, null, 1).replaceAll(
    '\n',
    ' '.repeat(400),
  );
  assert.ok(document.length > MAXIMUM_POLICY_SIZE);
  assert.equal(compilePolicy('P', document).length, 1);
});

test('a hostile pattern and resource cost no exponential time', () => {
  const started = process.hrtime.bigint();
  const statement = [
    allow({ Resource: `${prefix}topic/${'*a'.repeat(400)}` }),
    allow({ Resource: `${prefix}topic/${'*?a'.repeat(200)}b` }),
  ];
  assert.equal(decide({ statement, resource: `topic/${'a'.repeat(60_000)}c` }).allowed, false);
  assert.ok(process.hrtime.bigint() - started < 2_000_000_000n);
});
