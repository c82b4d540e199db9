// Remembered expressions must not be told from parsed ones: the same tree, the same errors, nothing of the request before.
import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { rememberParses, type Parser } from '../../dynamodb/dynalite-expressions.ts';

const require = createRequire(import.meta.url);
const parsers = {
  update: require('dynalite/db/updateParser') as Parser,
  condition: require('dynalite/db/conditionParser') as Parser,
};
type Kind = keyof typeof parsers;

/** Counts what reaches the real parser. */
function remembering(kind: Kind): { parser: Parser; parses: () => number } {
  let count = 0;
  const real = parsers[kind].parse;
  const parser: Parser = {
    parse(text, options) {
      count += 1;
      return real(text, options);
    },
  };
  rememberParses(parser);
  return { parser, parses: () => count };
}

type Names = Record<string, string>;
type Values = Record<string, object>;

function contextOf(attrNames: Names, attrVals: Values) {
  const unused = (names: object) =>
    Object.fromEntries(Object.keys(names).map((name) => [name, true as const]));
  return {
    attrNames,
    attrVals,
    unusedAttrNames: unused(attrNames),
    unusedAttrVals: unused(attrVals),
    isReserved: (name: string) => name.toUpperCase() === 'COUNT',
    compare: () => false,
  };
}

/** Tree, error and what was left unused, as dynalite sees them. */
function outcome(parser: Parser, text: string, names: Names, values: Values): unknown {
  const context = contextOf(names, structuredClone(values));
  try {
    const tree = parser.parse(text, { context });
    return { tree, names: context.unusedAttrNames, values: context.unusedAttrVals };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const names = { '#a': 'temperature.min', '#b': 'seen', '#c': 'nested' };
const first = { ':n': { N: '1' }, ':b': { BS: ['AA=='] }, ':s': { S: 'x' }, ':l': { L: [{ N: '1' }] } };
const second = { ':n': { N: '22' }, ':b': { BS: ['AQ==', 'AA=='] }, ':s': { S: ':n' }, ':l': { L: [] } };
const cases: [Kind, string][] = [
  ['update', 'SET #a=if_not_exists(#a,:n) ADD #b :b'],
  ['update', 'SET #c.x[3]=list_append(:l,#c.y), plain=plain+:n REMOVE other'],
  ['update', 'DELETE #b :b'],
  ['update', 'ADD #a :s'],
  ['update', 'SET #unknown=:n'],
  ['update', 'SET #a=:unknown'],
  ['update', 'SET count=:n'],
  ['update', 'SET #a=:n, #a=:s'],
  ['update', 'SET SET'],
  ['condition', 'NOT contains(#b,:s) AND #a>:n'],
  ['condition', '(#a IN (:n,:s) OR size(#b)<:n) AND attribute_not_exists(#c.y)'],
  ['condition', 'begins_with(#a,:n)'],
  ['condition', '#a BETWEEN :n AND :s'],
  ['condition', 'attribute_type(#a,:s)'],
  ['condition', '((#a=:n))'],
];

for (const [kind, text] of cases) {
  test(`${kind} "${text}" is the same parsed and remembered, with any values`, () => {
    const { parser } = remembering(kind);
    for (const values of [first, second, first, { ...first, ':n': { S: 'text' } }, { ':n': { N: '1' } }]) {
      assert.deepEqual(outcome(parser, text, names, values), outcome(parsers[kind], text, names, values));
    }
    const renamed = { ...names, '#a': 'other' };
    assert.deepEqual(outcome(parser, text, renamed, first), outcome(parsers[kind], text, renamed, first));
  });
}

test('an expression is parsed once, whatever its values', () => {
  const { parser, parses } = remembering('condition');
  for (const values of [first, second, first]) outcome(parser, 'NOT contains(#b,:s)', names, values);
  assert.equal(parses(), 1);
});

test('what a request does to its tree does not reach the next one', () => {
  const { parser } = remembering('update');
  const text = 'SET #a=if_not_exists(#a,:n)';
  const parse = () =>
    parser.parse(text, { context: contextOf(names, structuredClone(first)) }) as {
      sections: { val: unknown }[];
    };
  for (let n = 0; n < 3; n += 1) {
    const { sections } = parse();
    assert.notEqual(sections[0]!.val, 'spoilt');
    sections[0]!.val = 'spoilt';
  }
});

test('expressions without end do not fill the memory', () => {
  const { parser, parses } = remembering('condition');
  for (let n = 0; n < 1_500; n += 1) outcome(parser, `a${n} = :n`, {}, first);
  assert.equal(parses(), 1_500);
  outcome(parser, 'a1499 = :n', {}, second);
  assert.equal(parses(), 1_500);
  outcome(parser, 'a0 = :n', {}, second);
  assert.equal(parses(), 1_501);
});
