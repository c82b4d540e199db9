// Explains in lines what `answer` found: the way through the records, why each was skipped, and the answer.

import type { Outcome, Question, Visit } from './answer.ts';
import { absolute } from './name.ts';
import { labelOf, type RecordSet } from './model.ts';
import type { Resource } from './rdata.ts';

const targetOf = ({ target }: RecordSet) =>
  target.kind === 'alias' ? `alias ${target.name}` : target.values.join(', ');

function linesOf({ name, type, considered }: Visit): string[] {
  const { policy } = considered[0]!.record.routing;
  const [, ...others] = considered;
  const head = `${name} ${type}: ${policy}${others.length > 0 ? `, ${considered.length} records` : ''}`;
  return [
    head,
    ...considered.map(({ record, isChosen, why }) => {
      const label = record.setIdentifier === undefined ? '' : `${labelOf(record)}: `;
      const verdict = isChosen ? 'chosen ' : 'skipped';
      const place = record.at === undefined ? '' : ` (${record.at})`;
      return `  ${verdict}  ${label}${targetOf(record)}, ${why}${place}`;
    }),
  ];
}

const resourceLine = ({ name, type, ttl, value }: Resource): string =>
  `${absolute(name)} ${ttl} IN ${type} ${value}`;

const where = (question: Question) => `${absolute(question.name)} ${question.type} from ${question.region}`;

/** The whole explanation, of one answer. */
export function explainOutcome(question: Question, outcome: Outcome): string[] {
  const { rcode, answers, authorities, visits, note } = outcome;
  const empty = rcode === 'NOERROR' && answers.length === 0 && outcome.isAuthoritative;
  const code = empty ? `NODATA: the name exists, but has no records of type ${question.type}` : rcode;
  return [
    where(question),
    ...visits.flatMap(linesOf),
    ...(note === undefined ? [] : [note]),
    code,
    ...answers.map(resourceLine),
    ...(answers.length > 0 && outcome.isAuthoritative ? [] : authorities.map(resourceLine)),
  ];
}

/** How often each answer came, the most frequent first. */
export function explainDistribution(question: Question, outcomes: readonly Outcome[]): string[] {
  const textOf = ({ rcode, answers, note }: Outcome) =>
    answers.length === 0
      ? `${rcode}${note === undefined ? '' : `: ${note}`}`
      : answers
          .map(({ type, value }) => `${type} ${value}`)
          .toSorted()
          .join(', ');
  const counted = [...Map.groupBy(outcomes, textOf)].map(([text, all]) => [text, all.length] as const);
  const share = (count: number) => ((count / outcomes.length) * 100).toFixed(1);
  return [
    `${where(question)}, ${outcomes.length} times`,
    ...counted
      .toSorted(([, a], [, b]) => b - a)
      .map(([text, count]) => `${String(count).padStart(7)}  ${share(count).padStart(5)} %  ${text}`),
  ];
}
