// Policies that people write, and whether they keep things apart; a counterexample has been put to the evaluator.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { compilePolicy } from '../../policies/document.ts';
import { readClaims } from '../../prover/claims.ts';
import { proveClaims, type ClaimVerdict } from '../../prover/prove-claims.ts';

const iotArn = 'arn:aws:iot:us-east-1:000000000000';
const thing = '${iot:Connection.Thing.ThingName}';
const client = '${iot:ClientId}';
const other = '${other.thing}';

interface Given {
  /** A resource that begins with ! is a NotResource. */
  readonly allow: readonly (readonly [action: string, resource: string, condition?: object])[];
  readonly deny?: readonly (readonly [action: string, resource: string, condition?: object])[];
  readonly action: string;
  readonly on: readonly string[];
  readonly except?: readonly string[];
  readonly noThing?: readonly string[];
}

function prove({ allow, deny = [], action, on, except = [], noThing = [] }: Given): ClaimVerdict['verdict'] {
  const statement =
    (effect: string) =>
    ([name, resource, condition]: readonly [string, string, object?]) => ({
      ...{ Effect: effect, Action: `iot:${name}` },
      ...(resource.startsWith('!')
        ? { NotResource: `${iotArn}:${resource.slice(1)}` }
        : { Resource: `${iotArn}:${resource}` }),
      ...(condition && { Condition: condition }),
    });
  const document = {
    Version: '2012-10-17',
    Statement: [...allow.map(statement('Allow')), ...deny.map(statement('Deny'))],
  };
  const claims = readClaims(
    {
      principals: { p: { certificate: ['P'] } },
      noThing,
      claims: [{ claim: 'c', of: 'p', actions: [`iot:${action}`], on, except }],
    },
    'claims',
  );
  const [proof] = proveClaims(claims, () => [compilePolicy('P', JSON.stringify(document))], iotArn);
  return proof!.verdict;
}

const connects = ['Connect', `client/${thing}`] as const;
const attached = { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } };

const proven: readonly (readonly [title: string, given: Given])[] = [
  [
    'a whole level',
    { allow: [connects, ['Publish', `topic/t/${thing}/*`]], action: 'Publish', on: [`t/${other}/#`] },
  ],
  [
    'a deny of what an asterisk spans',
    {
      allow: [connects, ['Publish', `topic/t/*/${thing}`]],
      deny: [['Publish', `topic/t/*/*/${thing}`]],
      action: 'Publish',
      on: [`t/+/${other}/#`],
    },
  ],
  [
    'the client ID, where Connect ties it to the thing',
    { allow: [connects, ['Publish', `topic/t/${client}`]], action: 'Publish', on: [`t/${other}`] },
  ],
  [
    'Receive that bounds a wide Subscribe',
    {
      allow: [connects, ['Subscribe', 'topicfilter/*'], ['Receive', `topic/c/${thing}`]],
      action: 'Receive',
      on: [`c/${other}`],
    },
  ],
  [
    'a wildcard at the beginning does not match topics of AWS',
    {
      allow: [connects, ['Subscribe', 'topicfilter/#'], ['Receive', 'topic/*']],
      action: 'Receive',
      on: ['$aws/#'],
    },
  ],
  [
    'a condition on the name of the thing',
    {
      allow: [connects, ['Publish', 'topic/b', { StringEquals: { 'iot:Connection.Thing.ThingName': 'b' } }]],
      action: 'Publish',
      on: [other],
    },
  ],
  [
    'names that no thing has',
    { allow: [['Connect', 'client/claim-*']], action: 'Connect', on: [other], noThing: ['claim-*'] },
  ],
  [
    'a name between the same text everywhere',
    { allow: [connects, ['Publish', `topic/d-${thing}`]], action: 'Publish', on: [`d-${other}`] },
  ],
  ['no permission', { allow: [connects], action: 'Publish', on: ['#'] }],
];

for (const [title, given] of proven)
  test(`proven: ${title}`, () => assert.equal(prove(given).outcome, 'proven'));

const broken: readonly (readonly [title: string, given: Given, found: RegExp])[] = [
  [
    'any client ID',
    { allow: [['Connect', 'client/*', attached]], action: 'Connect', on: [other] },
    /^iot:Connect \w+$/,
  ],
  [
    'the client ID of a thing that is attached exclusively',
    { allow: [['Connect', `client/${client}`, attached]], action: 'Connect', on: [other] },
    /^iot:Connect \w+$/,
  ],
  [
    'a missing slash',
    { allow: [connects, ['Publish', `topic/t/*${thing}`]], action: 'Publish', on: [`t/${other}`] },
    /^iot:Publish t\/(\w)(\w)$/,
  ],
  [
    'an asterisk behind the name',
    { allow: [connects, ['Publish', `topic/t/${thing}*`]], action: 'Publish', on: [`t/${other}`] },
    /^iot:Publish t\/\w\w$/,
  ],
  [
    'an asterisk that spans slashes',
    { allow: [connects, ['Publish', `topic/t/*/${thing}`]], action: 'Publish', on: [`t/+/${other}/#`] },
    /^iot:Publish t\/[^/]*\/\w\/\w$/,
  ],
  [
    'a thing whose name is a word of the policy',
    {
      allow: [connects, ['Publish', `topic/*/${thing}`]],
      deny: [['Publish', `topic/?/${thing}`]],
      action: 'Publish',
      on: ['fleet/all'],
    },
    /^iot:Publish fleet\/all$/,
  ],
  [
    'a filter with a wildcard, where only the plain one is denied',
    {
      allow: [connects, ['Subscribe', 'topicfilter/*'], ['Receive', 'topic/*']],
      deny: [['Subscribe', 'topicfilter/secret/a']],
      action: 'Receive',
      on: ['secret/a'],
    },
    /^iot:Receive secret\/a by \S*[#+]/,
  ],
  [
    'a shared subscription',
    {
      allow: [connects, ['Subscribe', 'topicfilter/$share/*'], ['Receive', 'topic/*']],
      action: 'Receive',
      on: [`t/${other}`],
    },
    /^iot:Receive t\/\w by \$share\/./,
  ],
  [
    'the level above a wildcard',
    {
      allow: [connects, ['Subscribe', 'topicfilter/a/#'], ['Receive', 'topic/a']],
      action: 'Receive',
      on: ['a'],
    },
    /^iot:Receive a by a\/#$/,
  ],
  [
    'a client ID that is a wildcard',
    {
      allow: [
        ['Connect', 'client/*'],
        ['Subscribe', `topicfilter/t/${client}`],
        ['Receive', 'topic/t/*'],
      ],
      action: 'Receive',
      on: [`t/${other}`],
    },
    /^iot:Receive t\/\w+ by t\/\S+$/,
  ],
  [
    'an attribute with a slash',
    {
      allow: [connects, ['Publish', `topic/t/\${iot:Connection.Thing.Attributes[site]}/${thing}`]],
      action: 'Publish',
      on: [`t/+/${other}/#`],
    },
    /^iot:Publish t\/\S*\w\/\w$/,
  ],
  [
    'NotResource',
    { allow: [connects, ['Publish', 'topic/x']], action: 'Publish', on: ['+'] },
    /^iot:Publish x$/,
  ],
  [
    'the HTTPS API, which asks nothing of Connect',
    { allow: [['GetThingShadow', 'thing/*']], action: 'GetThingShadow', on: [other] },
    /^iot:GetThingShadow \w$/,
  ],
];

for (const [title, given, found] of broken) {
  test(`broken: ${title}`, () => {
    const verdict = prove(given);
    assert.equal(verdict.outcome, 'broken', JSON.stringify(verdict));
    if (verdict.outcome !== 'broken') return;
    const { action, on, filter, values, reasons } = verdict.counterexample;
    assert.match(`${action} ${on}${filter === undefined ? '' : ` by ${filter}`}`, found);
    assert.ok(reasons.every((reason) => /: allowed by P statement \d/.test(reason)));
    assert.notEqual(values.get('other.thing') ?? '', values.get('iot:Connection.Thing.ThingName'));
  });
}

test('a statement that cannot be proven is named, and no proof is claimed', () => {
  const verdict = prove({
    allow: [connects, ['Publish', 'topic/*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }]],
    action: 'Publish',
    on: [other],
  });
  assert.equal(verdict.outcome, 'undecided');
  assert.deepEqual(verdict.notes, ['P statement 2: condition IpAddress aws:SourceIp is taken as met']);
  assert.match(
    JSON.stringify(verdict),
    /the evaluator refuses iot:Publish .*condition IpAddress aws:SourceIp does not hold/,
  );
});

test('an unknown condition does not prevent a proof that does not need it', () => {
  const condition = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
  const allow = [connects, ['Publish', `topic/t/${thing}`, condition]] as const;
  assert.equal(prove({ allow, action: 'Publish', on: [`t/${other}`] }).outcome, 'proven');
  const deny = [['Publish', 'topic/*', condition]] as const;
  const wide = [connects, ['Publish', 'topic/*']] as const;
  assert.equal(prove({ allow: wide, deny, action: 'Publish', on: [`t/${other}`] }).outcome, 'broken');
});

test('a proof says how much was searched', () => {
  const { states, classes, tuples } = prove({
    allow: [connects, ['Publish', `topic/t/*/${thing}`]],
    deny: [['Publish', `topic/t/*/*/${thing}`]],
    action: 'Publish',
    on: [`t/+/${other}/#`],
  });
  assert.ok(states > 10 && states < 10_000, String(states));
  assert.ok(classes >= 2 && tuples > classes, `${classes} ${tuples}`);
});
