// Small policies from a seed: the prover agrees with every name, client ID and topic, tried one by one.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { decide } from '../../prover/prove.ts';
import { runsOf } from '../fuzzing.ts';
import { bruteForce, caseOf } from './random-policies.ts';

const { seed: first, numRuns } = runsOf(1_000, 30);

test('no random policy is proven that lets a principal do what the claim forbids', () => {
  let [proven, broken] = [0, 0];
  for (let seed = first; seed < first + numRuns; seed += 1) {
    const { document, problems } = caseOf(seed);
    const outcomes = problems.map((problem) => decide(problem).outcome);
    if (outcomes.includes('broken')) broken += 1;
    if (!outcomes.every((outcome) => outcome === 'proven')) continue;
    proven += 1;
    for (const problem of problems)
      assert.equal(bruteForce(problem), undefined, `seed ${seed}, ${problem.shape.name}: ${document}`);
  }
  // Both happen, so that neither answer is given without a reason.
  assert.ok(proven > numRuns / 5 && broken > numRuns / 5, `${proven} proven, ${broken} broken`);
});
