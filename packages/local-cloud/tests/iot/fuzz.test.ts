// Policies of any shape: refused by name or evaluated without an accident, and by the laws of AWS's evaluation.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { compilePolicy, PolicyError } from '../../policies/document.ts';
import { canonicalKey } from '../../policies/key.ts';
import { createEvaluator } from '../../policies/policy.ts';
import { runsOf } from '../fuzzing.ts';

const prefix = 'arn:aws:iot:us-east-1:000000000000:';
const values = new Map<string, string | readonly string[]>([
  ['iot:ClientId', 'a'],
  ['iot:Connection.Thing.ThingName', 'a*'],
  ['iot:ConnectAttributes', ['LastWill', 'PersistentConnect']],
  ['aws:SourceIp', '192.0.2.7'],
]);
const lookup = (key: string) => values.get(canonicalKey(key) ?? '');

const decide = (statements: readonly object[], action: string, resource: string) => {
  const document = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  return createEvaluator('x', compilePolicy('P', document), lookup).decide(action, prefix + resource);
};

const pieces = fc.constantFrom('a', 'b', '/', '*', '?', '+', '#', '${iot:ClientId}', '${*}', '$', 'é', '😀');
const topic = fc.array(pieces, { maxLength: 8 }).map((parts) => `topic/${parts.join('')}`);
const plain = fc.array(fc.constantFrom('a', 'b', '/', '*', '#', '😀'), { maxLength: 8 });
const resource = plain.map((parts) => `topic/${parts.join('')}`);
const action = fc.constantFrom(
  'iot:Publish',
  'iot:Receive',
  'iot:RetainPublish',
  'iot:*',
  '*',
  'iot:?ublish',
);
const asked = fc.constantFrom('iot:Publish', 'iot:Receive', 'iot:RetainPublish');
const condition = fc.constantFrom(
  {},
  { StringEquals: { 'iot:ClientId': 'a' } },
  { StringLike: { 'iot:ClientId': 'b*' } },
  { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': 'LastWill' } },
  { NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } },
  { Null: { 'iot:CertificateId': 'true' } },
);
const statement = fc
  .record({
    Effect: fc.constantFrom('Allow', 'Deny'),
    negated: fc.boolean(),
    Action: fc.array(action, { minLength: 1, maxLength: 2 }),
    resources: fc.array(
      topic.map((each) => prefix + each),
      { minLength: 1, maxLength: 3 },
    ),
    Condition: condition,
  })
  .map(({ negated, resources, ...rest }) => ({
    ...rest,
    [negated ? 'NotResource' : 'Resource']: resources,
  }));
const statements = fc.array(statement, { minLength: 1, maxLength: 5 });

/** Undefined for a policy that is refused, such as one with a variable that has no end. */
function decided(all: readonly object[], how: string, what: string): boolean | undefined {
  try {
    return decide(all, how, what).allowed;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return undefined;
  }
}

test('the order of statements changes no decision', () => {
  fc.assert(
    fc.property(statements, asked, resource, (all, how, what) => {
      assert.equal(decided(all.toReversed(), how, what), decided(all, how, what));
    }),
    runsOf(20_261_121, 2_000),
  );
});

test('a Deny removes everything that it covers, whatever else is allowed, and grants nothing', () => {
  const deny = { Effect: 'Deny', Action: 'iot:Publish', Resource: `${prefix}topic/a*` };
  fc.assert(
    fc.property(statements, asked, resource, (all, how, what) => {
      const without = decided(all, how, what);
      if (without === undefined) return;
      const isCovered = how === 'iot:Publish' && what.startsWith('topic/a');
      assert.equal(decided([...all, deny], how, what), without && !isCovered);
    }),
    runsOf(20_261_122, 2_000),
  );
});

test('an Allow of everything allows everything that no Deny covers', () => {
  fc.assert(
    fc.property(statements, asked, resource, (all, how, what) => {
      const denials = all.filter(({ Effect }) => Effect === 'Deny');
      const allowed = decided([...all, { Effect: 'Allow', Action: '*', Resource: '*' }], how, what);
      if (allowed === undefined) return;
      const turned = denials.map((each) => ({ ...each, Effect: 'Allow' as const }));
      // A NotResource whose variable has no value fails closed, so it may deny what it would not allow.
      const isCovered = turned.length > 0 && decided(turned, how, what) === true;
      if (isCovered) assert.equal(allowed, false);
      if (denials.length === 0) assert.equal(allowed, true);
    }),
    runsOf(20_261_123, 2_000),
  );
});

/** What * and ? mean, said another way. */
function matches(pattern: string, text: string): boolean {
  const [first, ...rest] = Array.from(pattern);
  const [head, ...tail] = Array.from(text);
  if (first === undefined) return head === undefined;
  if (first === '*')
    return matches(rest.join(''), text) || (head !== undefined && matches(pattern, tail.join('')));
  return head !== undefined && (first === '?' || first === head) && matches(rest.join(''), tail.join(''));
}

test('wildcards agree with a plain reading of them', () => {
  const wild = fc.array(fc.constantFrom('a', 'b', '/', '*', '?', '#', '😀'), { maxLength: 7 });
  fc.assert(
    fc.property(wild, resource, (parts, what) => {
      const pattern = `topic/${parts.join('')}`;
      const allow = { Effect: 'Allow', Action: 'iot:Publish', Resource: prefix + pattern };
      assert.equal(decided([allow], 'iot:Publish', what), matches(pattern, what));
    }),
    runsOf(20_261_124, 5_000),
  );
});

test('JSON of any shape is refused with the place, or evaluated', () => {
  const words = fc.constantFrom(
    ...['Allow', 'Deny', 'iot:Publish', 'iot:', '*', '${', '${iot:ClientId}', '__proto__', '2012-10-17', ''],
    ...['StringLike', 'Bool', 'true', 'iot:ClientId', `${prefix}topic/a`, 'arn:', 'ForAnyValue:StringEquals'],
  );
  const names = fc.constantFrom(
    ...['Version', 'Statement', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'],
    ...['Sid', 'Id', '__proto__', 'StringLike', 'StringEquals', 'iot:ClientId', 'Null', 'toString'],
  );
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      words,
      fc.constantFrom(null, true, 0, -1.5),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(names, tie('json'), { maxKeys: 5 }),
    ),
  }));
  const document = fc.record({ Version: fc.oneof(fc.constant('2012-10-17'), json), Statement: json });
  fc.assert(
    fc.property(fc.oneof(json, document), (given) => {
      try {
        const compiled = compilePolicy('P', JSON.stringify(given));
        createEvaluator('x', compiled, lookup).decide('iot:Publish', `${prefix}topic/a`);
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        assert.notEqual(error.message, '');
      }
    }),
    runsOf(20_261_125, 5_000),
  );
});
