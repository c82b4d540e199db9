// Checks every claim for every way by which its principal can reach the broker, and combines the verdicts.

import { compilePolicy, PolicyError, type Statement } from '../policies/document.ts';
import { StartError } from '../start-error.ts';
import { actionKinds, type Claim, type Claims, type PrincipalSpec } from './claims.ts';
import { isVariable, type Piece } from './glob.ts';
import { decide, type Verdict } from './prove.ts';
import { regionsOf, type Problem } from './problem.ts';
import { createLanguages, parameterKey, shapesOf } from './shapes.ts';

/** The policies of the principals, each set by which something must be allowed. */
export type SidesOf = (spec: PrincipalSpec) => readonly (readonly Statement[])[];

export interface ClaimVerdict {
  readonly claim: Claim;
  /** The first way that breaks it, else one that is undecided, else the sum of the proofs. */
  readonly verdict: Verdict;
  /** Ways by which the principal can reach the broker, times its actions there. */
  readonly ways: number;
  readonly problem: Problem;
}

const RANK = { broken: 0, undecided: 1, proven: 2 } as const;

/** A document of the claims, with parameters that policies do not have. @throws StartError naming what is wrong in it */
export function compileDocument(name: string, document: unknown, claims: Claims): Statement[] {
  let text = JSON.stringify(document);
  for (const parameter of claims.parameters.keys())
    text = text.replaceAll(`\${${parameter}}`, `\${${parameterKey(parameter)}}`);
  try {
    return compilePolicy(name, text);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new StartError(`documents.${name}: ${error.message}`, { cause: error });
  }
}

/** Parameters under a name that policies have. */
const withParameters = (globs: readonly (readonly Piece[])[], { parameters }: Claims): Piece[][] =>
  globs.map((pieces) =>
    pieces.map((piece) =>
      isVariable(piece) && parameters.has(piece.variable)
        ? { variable: parameterKey(piece.variable) }
        : piece,
    ),
  );

function problemsOf(
  claim: Claim,
  claims: Claims,
  { sides, arnPrefix, region }: { sides: Problem['sides']; arnPrefix: string; region: string },
): Problem[] {
  const fail = (problem: string): never => {
    throw new StartError(`claim "${claim.claim}": ${problem}`);
  };
  const languages = createLanguages(claims.parameters, claims.noThing, region);
  const languageOf = (variable: string) =>
    languages(variable) ??
    fail(
      `there is no variable \${${variable}}: expected other.thing, other.identity, a parameter or a policy variable`,
    );
  const on = withParameters(regionsOf(claim.on, fail), claims);
  const except = withParameters(regionsOf(claim.except, fail), claims);
  for (const piece of [...on, ...except].flat()) if (isVariable(piece)) languageOf(piece.variable);
  const spec = claims.principals.get(claim.of)!;
  return claim.actions.flatMap((action) =>
    shapesOf(spec)
      .filter(({ by }) => actionKinds[action]!.by.includes(by))
      .map((shape) => ({
        asksConnect: shape.by === 'mqtt' && action !== 'iot:Connect',
        claim,
        action,
        shape,
        sides,
        on,
        except,
        arnPrefix,
        languageOf,
      })),
  );
}

function summed(claim: Claim, all: readonly { problem: Problem; verdict: Verdict }[]): ClaimVerdict {
  const [worst] = all.toSorted((a, b) => RANK[a.verdict.outcome] - RANK[b.verdict.outcome]);
  const { problem, verdict } = worst!;
  const total = (value: (verdict: Verdict) => number) =>
    all.reduce((sum, each) => sum + value(each.verdict), 0);
  const summary = {
    states: total(({ states }) => states),
    tuples: total(({ tuples }) => tuples),
    classes: Math.max(...all.map((each) => each.verdict.classes)),
    notes: [...new Set(all.flatMap((each) => each.verdict.notes))],
  };
  return { claim, verdict: { ...verdict, ...summary }, ways: all.length, problem };
}

/**
 * @param iotArn `arn:aws:iot:us-east-1:111122223333`
 * @throws StartError naming a policy, role or variable that there is not
 */
export function* proveClaims(claims: Claims, sidesOf: SidesOf, iotArn: string): Generator<ClaimVerdict> {
  const region = iotArn.split(':')[3]!;
  for (const claim of claims.claims) {
    const sides = sidesOf(claims.principals.get(claim.of)!);
    const problems = problemsOf(claim, claims, { sides, arnPrefix: `${iotArn}:`, region });
    const all: { problem: Problem; verdict: Verdict }[] = [];
    for (const problem of problems) {
      all.push({ problem, verdict: decide(problem) });
      if (all.at(-1)!.verdict.outcome === 'broken') break;
    }
    yield summed(claim, all);
  }
}
