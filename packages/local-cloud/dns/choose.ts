// Chooses which of the records with one name and type answers, and says why each of the others does not.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html

import type { RecordSet, Routing } from './model.ts';
import { distanceBetween } from './regions.ts';

/** Whether a record may answer, and the reason in words. */
export interface Health {
  readonly isHealthy: boolean;
  readonly why: string;
}

export interface Considered {
  readonly record: RecordSet;
  readonly isChosen: boolean;
  readonly why: string;
}

export interface Circumstances {
  healthOf(record: RecordSet): Health;
  /** Region that the question comes from. */
  readonly region: string;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** Records that a multivalue answer has at most. */
const MOST_VALUES = 8;

type Judged = Health & { readonly record: RecordSet };
type Policy<P extends Routing['policy']> = Extract<Routing, { policy: P }>;
const routingOf = <P extends Routing['policy']>(record: RecordSet) => record.routing as Policy<P>;

const NONE_HEALTHY = 'no record of the group is healthy, so all count as healthy';

/** Marks each judged record as chosen or not; `why` has the reasons of both. */
function consider(
  judged: readonly Judged[],
  chosen: readonly RecordSet[],
  why: { readonly chosen: (each: Judged) => string; readonly others: (each: Judged) => string },
): Considered[] {
  const isNoneHealthy = judged.every(({ isHealthy }) => !isHealthy);
  return judged.map((each) => {
    const isChosen = chosen.includes(each.record);
    if (isChosen) {
      const despite = isNoneHealthy ? `${NONE_HEALTHY}: ` : '';
      return { record: each.record, isChosen, why: `${despite}${why.chosen(each)} (${each.why})` };
    }
    const reason = each.isHealthy || isNoneHealthy ? why.others(each) : each.why;
    return { record: each.record, isChosen, why: reason };
  });
}

/** The healthy ones; all where none is. */
function usable(judged: readonly Judged[]): readonly Judged[] {
  const healthy = judged.filter(({ isHealthy }) => isHealthy);
  return healthy.length > 0 ? healthy : judged;
}

function failover(judged: readonly Judged[]): Considered[] {
  const roleOf = ({ record }: Judged) => routingOf<'failover'>(record).role;
  const primary = judged.find((each) => roleOf(each) === 'PRIMARY');
  const secondary = judged.find((each) => roleOf(each) === 'SECONDARY');
  const chosen = (primary?.isHealthy || !secondary?.isHealthy ? primary : secondary) ?? secondary!;
  return consider(judged, [chosen.record], {
    chosen: (each) =>
      each === primary ? 'the primary' : primary ? 'the primary is unhealthy' : 'there is no primary',
    others: () => 'the primary goes first',
  });
}

/** Records with weight 0 answer only when no other is healthy. */
function weighted(judged: readonly Judged[], { random }: Circumstances): Considered[] {
  const weightOf = ({ record }: Judged) => routingOf<'weighted'>(record).weight;
  const positive = judged.filter((each) => weightOf(each) > 0);
  const isLastResort = !positive.some(({ isHealthy }) => isHealthy);
  const idle = judged.filter((each) => weightOf(each) === 0 && each.isHealthy);
  const drawn = isLastResort && idle.length > 0 ? idle : usable(positive.length > 0 ? positive : judged);
  const total = drawn.reduce((sum, each) => sum + weightOf(each), 0);
  const shareOf = (each: Judged) => (total === 0 ? 1 / drawn.length : weightOf(each) / total);
  const ball = random();
  let reached = 0;
  const winner = drawn.find((each) => (reached += shareOf(each)) > ball) ?? drawn.at(-1)!;
  const percent = (each: Judged) => `${(shareOf(each) * 100).toFixed(1).replace(/\.0$/, '')} %`;
  return consider(judged, [winner.record], {
    chosen: (each) =>
      isLastResort && weightOf(each) === 0 && positive.length > 0
        ? `weight 0, the last resort: no record with a weight is healthy`
        : `weight ${weightOf(each)}, drawn at ${percent(each)}`,
    others: (each) =>
      weightOf(each) === 0 && !drawn.includes(each)
        ? 'weight 0 answers only when no record with a weight is healthy'
        : `weight ${weightOf(each)}, not drawn at ${percent(each)}`,
  });
}

function latency(judged: readonly Judged[], { region }: Circumstances): Considered[] {
  const regionOf = ({ record }: Judged) => routingOf<'latency'>(record).region;
  const far = (each: Judged) => distanceBetween(region, regionOf(each));
  const [nearest] = usable(judged).toSorted((a, b) => far(a) - far(b));
  const shown = (each: Judged) => `${regionOf(each)} is ${far(each)} km from ${region}`;
  return consider(judged, [nearest!.record], {
    chosen: (each) => `nearest: ${shown(each)}`,
    others: (each) => `farther: ${shown(each)}`,
  });
}

function multivalue(judged: readonly Judged[], { random }: Circumstances): Considered[] {
  const from = usable(judged);
  const shuffled = from.map((each) => ({ each, ball: random() })).toSorted((a, b) => a.ball - b.ball);
  const chosen = shuffled.slice(0, MOST_VALUES).map(({ each }) => each.record);
  const listed = judged.toSorted((a, b) => chosen.indexOf(a.record) - chosen.indexOf(b.record));
  return consider(listed, chosen, {
    chosen: () => `one of ${chosen.length}`,
    others: () => `an answer has ${MOST_VALUES} at most`,
  });
}

function simple(judged: readonly Judged[]): Considered[] {
  return consider(judged, [judged[0]!.record], { chosen: () => 'the only one', others: () => '' });
}

const POLICIES: Readonly<
  Record<Routing['policy'], (judged: readonly Judged[], circumstances: Circumstances) => Considered[]>
> = { simple, failover, weighted, latency, multivalue };

/** @param group records of one name and type, at least one, all with the same policy. */
export function choose(group: readonly RecordSet[], circumstances: Circumstances): Considered[] {
  const judged = group.map((record) => ({ record, ...circumstances.healthOf(record) }));
  return POLICIES[group[0]!.routing.policy](judged, circumstances);
}
