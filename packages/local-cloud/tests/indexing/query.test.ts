// The query language of fleet indexing, as its page in the developer guide describes it.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { fieldsOf } from '../../indexing/documents.ts';
import { compileQuery } from '../../indexing/query.ts';

const thing = {
  thingName: 'fridge-1',
  thingTypeName: 'Fridge',
  thingGroupNames: ['eu', 'canary'],
  attributes: { site: 'Berlin', model: '55', note: 'back room', 'a:b': 'x' },
  shadow: {
    reported: { temp: 10, outside: -12, door: { open: true }, errors: [1, 2], name: 'tv plasma' },
    hasDelta: false,
  },
};

const finds: readonly (readonly [query: string, found: boolean])[] = [
  ['thingName:fridge-1', true],
  ['thingName:FRIDGE-1', true],
  ['thingName:fridge', false],
  ['thingName:fridge-*', true],
  ['thingName:*-1', true],
  ['thingName:fridge-?', true],
  ['thingName:fridge-??', false],
  ['*', true],
  ['berlin', true],
  ['plasma', true],
  ['nowhere', false],
  ['thingGroupNames:eu AND thingGroupNames:canary', true],
  ['thingGroupNames:eu thingGroupNames:us', false],
  ['thingName:other OR attributes.site:berlin', true],
  ['thingName:other OR thingName:fridge-1 AND thingGroupNames:us', false],
  ['(thingName:other OR thingName:fridge-1) AND thingGroupNames:eu', true],
  ['NOT thingName:other', true],
  ['thingName:fridge-* AND -attributes.site:berlin', false],
  ['thingName:(fridge* AND -plasma)', true],
  ['attributes.note:"back room"', true],
  ['attributes.note:room', true],
  ['attributes.a\\:b:x', true],
  ['attributes.model>54', true],
  ['attributes.model>=55', true],
  ['attributes.model<55', false],
  ['attributes.model:[50 TO 55]', true],
  ['attributes.model:{50 TO 55}', false],
  ['attributes.model:[60 TO *]', false],
  ['shadow.reported.temp:10', true],
  ['shadow.reported.temp:10.0', true],
  ['shadow.reported.temp:1', false],
  ['shadow.reported.temp:007', false],
  ['shadow.reported.outside:-12', true],
  ['shadow.reported.outside<-5', true],
  ['shadow.reported.outside > -5', false],
  ['shadow.reported.door.open:true', true],
  ['shadow.reported.errors:2', true],
  ['shadow.hasDelta:false', true],
  ['attributes.missing:*', false],
  ['attributes.missing:undefined', false],
];

describe('a query', () => {
  it.each(finds)('%s finds the thing: %s', (query, found) => {
    assert.equal(compileQuery(query).test(fieldsOf(thing)), found);
  });

  it('with many wildcards is answered at once', () => {
    const { test } = compileQuery(`thingName:${'a*'.repeat(200)}b`);
    assert.equal(test(fieldsOf({ thingName: 'a'.repeat(10_000) })), false);
  });

  it.each(['(', 'NOT ', '-'])('with many of %s is refused', (nesting) => {
    assert.throws(
      () => compileQuery(`${nesting.repeat(20_000)}a${nesting === '(' ? ')'.repeat(20_000) : ''}`),
      {
        ...{ name: 'InvalidQueryException', message: /at most 100 opening brackets and negations/ },
      },
    );
  });

  const wrong: readonly (readonly [query: string, problem: RegExp])[] = [
    ['', /empty/],
    ['thingName:foo AND', /A value is expected/],
    ['AND thingName:foo', /A value is expected/],
    ['thingName:foo AND AND thingTypeName:bar', /A value is expected/],
    ['thingName:', /A value is expected after thingName/],
    ['(thingName:foo', /not closed/],
    ['thingName:foo)', /not opened/],
    ['thingName:"foo', /cannot be read at "\\"foo"/],
    ['thingName:*my thingGroupNames:*echo', /begin with a wildcard/],
    [`thingName:*my ${'x'.repeat(100)}`, /at most 100 characters/],
    [Array.from({ length: 13 }, (_, index) => `t${index}`).join(' '), /at most 12 terms/],
  ];
  it.each(wrong)('%s is refused: %s', (query, problem) => {
    assert.throws(() => compileQuery(query), { name: 'InvalidQueryException', message: problem });
  });
});
