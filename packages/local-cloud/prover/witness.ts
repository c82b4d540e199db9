// Checks a counterexample with the broker's evaluator, with the values for which it was found.

import { topicProblem, parseFilter } from '../mqtt/topics.ts';
import { canonicalKey } from '../policies/key.ts';
import type { Lookup } from '../policies/pattern.ts';
import { createEvaluator } from '../policies/policy.ts';
import type { Assignment } from './assignments.ts';
import { actionKinds } from './claims.ts';
import type { Problem } from './problem.ts';
import { CLIENT, nameIn } from './shapes.ts';
import type { Found } from './search.ts';

export interface Counterexample {
  readonly action: string;
  /** A topic, client ID or thing name. */
  readonly on: string;
  /** The topic filter by which it is received. */
  readonly filter: string | undefined;
  /** Values of variables by canonical key, and of the other thing as `other.thing`. */
  readonly values: ReadonlyMap<string, string>;
  readonly clientId: string | undefined;
  /** How the principal reaches the broker. */
  readonly how: string;
  /** The evaluator's decisions, a line for each question. */
  readonly reasons: readonly string[];
}

/** Values on the connection of a counterexample. A fixed time and address, as a proof depends on neither. */
export function lookupOf({ shape }: Problem, values: Assignment, clientId: string | undefined): Lookup {
  return (written) => {
    const key = canonicalKey(written);
    if (key === undefined) return undefined;
    if (key === 'aws:CurrentTime') return '2026-01-01T00:00:00.000Z';
    if (key === 'aws:EpochTime') return '1767225600';
    if (key === CLIENT && clientId !== undefined) return clientId;
    return (
      shape.constants.get(key) ??
      values.get(nameIn(shape, key)) ??
      (key === 'aws:SourceIp' ? '127.0.0.1' : undefined)
    );
  };
}

/** The broker's reason to refuse before any policy is evaluated. */
function refusalOf(action: string, { filter, topic }: Found): string | undefined {
  if (actionKinds[action]!.resource !== 'topic') return undefined;
  const parsed = filter === '' ? {} : parseFilter(filter);
  return typeof parsed === 'string' ? parsed : topicProblem(topic, () => true);
}

const RESOURCES: Readonly<Record<string, string>> = { client: 'client/', topic: 'topic/', thing: 'thing/' };

/** @returns the counterexample with the decisions, or why the evaluator or the broker refuses it */
export function confirmWitness(
  problem: Problem,
  values: Assignment,
  { found, clientId }: { readonly found: Found; readonly clientId: string | undefined },
): Counterexample | { readonly refused: string } {
  const { action, shape, sides, arnPrefix } = problem;
  const refused = refusalOf(action, found);
  if (refused !== undefined) return { refused: `the broker refuses ${refused}` };
  const lookup = lookupOf(problem, values, clientId);
  const evaluators = sides.map((statements) => createEvaluator('the principal', statements, lookup));
  const { resource } = actionKinds[action]!;
  const hears = action === 'iot:Receive' || action === 'iot:Subscribe';
  const asked = [
    ...(clientId !== undefined && action !== 'iot:Connect' ? [['iot:Connect', `client/${clientId}`]] : []),
    ...(hears ? [['iot:Subscribe', `topicfilter/${found.filter}`]] : []),
    ...(action === 'iot:Subscribe' ? [] : [[action, `${RESOURCES[resource]}${found.topic}`]]),
  ] as [string, string][];
  const reasons: string[] = [];
  for (const [each, on] of asked) {
    const decisions = evaluators.map((evaluator) => evaluator.decide(each, arnPrefix + on));
    const denied = decisions.find(({ allowed }) => !allowed);
    if (denied) return { refused: `the evaluator refuses ${each} on ${on}: ${denied.reason}` };
    reasons.push(`${each} on ${on}: ${decisions.map(({ reason }) => reason).join(', and ')}`);
  }
  const actual = new Map([...values, ...(values.has(CLIENT) ? [[CLIENT, clientId] as const] : [])]);
  const known = [...actual].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return {
    ...{ action, on: found.topic, filter: hears ? found.filter : undefined, clientId },
    ...{ values: new Map(known), how: shape.name, reasons },
  };
}
