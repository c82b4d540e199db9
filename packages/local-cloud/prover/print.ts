// Prints verdicts as lines.

import { printable } from '../log.ts';
import type { ClaimVerdict } from './prove-claims.ts';
import { parameterOf } from './shapes.ts';
import type { Counterexample } from './witness.ts';

const indent = (lines: readonly string[]) => lines.map((line) => `            ${line}`);
const count = (number: number, word: string) =>
  `${number.toLocaleString('en-US')} ${word}${number === 1 ? '' : 's'}`;

const NAMES: Readonly<Record<string, string>> = {
  'iot:Connection.Thing.ThingName': 'thing',
  'iot:Connection.Thing.ThingTypeName': 'thing type',
  'iot:ClientId': 'client ID',
  'cognito-identity.amazonaws.com:sub': 'identity',
  'other.thing': 'another thing',
  'other.identity': 'another identity',
};

const nameOf = (variable: string) =>
  NAMES[variable] ?? parameterOf(variable) ?? variable.replace(/^other\./, 'another ');

/** The principal of a counterexample, the other thing, and what the principal does. */
function counterexampleLines(counterexample: Counterexample): string[] {
  const { action, on, filter, values, clientId, how, reasons } = counterexample;
  const isOther = (name: string) => Number(name.startsWith('other.'));
  const known = [...values]
    .toSorted(([a], [b]) => isOther(a) - isOther(b))
    .map(([name, value]) => `${nameOf(name)} ${JSON.stringify(value)}`);
  const named = clientId !== undefined && ![...values.keys()].includes('iot:ClientId');
  const who = [...known, ...(named ? [`client ID ${JSON.stringify(clientId)}`] : [])].join(', ');
  const heard = filter === undefined ? '' : `, subscribed to ${filter}`;
  return [`${who}; ${how}`, `${action} on ${on}${heard}`, ...reasons.map((reason) => `  ${reason}`)];
}

/** @param confirmed lines on what a broker said of the counterexample */
export function verdictLines(
  { claim, verdict, ways }: ClaimVerdict,
  confirmed: readonly string[] = [],
): string[] {
  const title = `${verdict.outcome.toUpperCase().padEnd(10)}  ${claim.claim}`;
  const { states, classes, tuples } = verdict;
  if (verdict.outcome === 'proven') {
    const size = [
      count(ways, 'way'),
      `${classes.toLocaleString('en-US')} ${classes === 1 ? 'class' : 'classes'} of words`,
      count(tuples, 'tuple'),
      count(states, 'automaton state'),
    ];
    return [title, ...indent([size.join(', ')])];
  }
  const lines =
    verdict.outcome === 'broken'
      ? [...counterexampleLines(verdict.counterexample), ...confirmed]
      : [`neither a proof nor a counterexample: ${verdict.candidate}`, ...verdict.notes];
  return [title, ...indent(lines)].map(printable);
}

/** The last line, such as `34 claims: 33 proven, 1 broken`. */
export function summaryLine(outcomes: readonly ClaimVerdict['verdict']['outcome'][]): string {
  const parts = (['proven', 'broken', 'undecided'] as const).flatMap((outcome) => {
    const number = outcomes.filter((each) => each === outcome).length;
    return number === 0 ? [] : [`${number} ${outcome}`];
  });
  return [count(outcomes.length, 'claim'), parts.join(', ')].filter(Boolean).join(': ');
}
