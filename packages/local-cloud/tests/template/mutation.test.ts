// However a template is damaged, reading it either works or stops with one line; it never crashes.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { functionsOf } from '../../template/functions.ts';
import { StartError } from '../../start-error.ts';
import { sampleFile, withTemplate } from './fixture.ts';

const original = readFileSync(sampleFile, 'utf8').split('\n');
const junk = [
  '__proto__: 1',
  '- x',
  '!Ref Nothing',
  '{}',
  '[]',
  'null',
  '"',
  '\t',
  '!Sub [a]',
  '${',
  '%',
  '&a',
  '*a',
  '<<: x',
  '1e999',
];

/** A generator of numbers below `limit`: https://en.wikipedia.org/wiki/Linear_congruential_generator */
function createRandom(seed: number) {
  let state = seed;
  return (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const damages: readonly ((lines: string[], at: number, random: (limit: number) => number) => void)[] = [
  (lines, at) => void lines.splice(at, 1),
  (lines, at) => void lines.splice(at, 0, lines[at]!),
  (lines, at, random) => void (lines[at] = lines[at]!.replace(/:.*$/, `: ${junk[random(junk.length)]}`)),
  (lines, at, random) => void (lines[at] = lines[at]!.slice(0, random(lines[at]!.length + 1))),
  (lines, at) => void (lines[at] = ` ${lines[at]}`),
  (lines, at, random) => void (lines[at] += ` ${junk[random(junk.length)]}`),
];

test('three hundred damaged templates stop with lines of their own or work', () => {
  const random = createRandom(20_261_120);
  for (let round = 0; round < 300; round++) {
    const lines = [...original];
    const damage = damages[random(damages.length)]!;
    damage(lines, random(lines.length), random);
    try {
      withTemplate(lines.join('\n'), {}, functionsOf);
    } catch (error) {
      assert.ok(
        error instanceof StartError,
        `${(error as Error).stack}\nafter damage of\n${lines.join('\n')}`,
      );
      for (const problem of error.message.split('\n')) {
        assert.doesNotMatch(problem, /[\n\r]/);
        assert.match(problem, /^(template\.yaml:\d+(:\d+)?|template\.yaml): /);
      }
    }
  }
});
