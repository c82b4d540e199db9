// The predictions on a report's sheet with their outcomes and counts, so that readers can judge their reliability.

import { outcomeText, sumOutcomes, type Outcome } from './prediction-outcome.ts';
import { escaped, type Times } from './report-foot.ts';
import type { SheetDevice, SheetPrediction, SheetReport } from './report-sheet.ts';
import { lengthText, number, table, whoText } from './report-table.ts';

/** Markup: a table, the counts below it, and the meaning of the outcomes. */
export function predictionsPart(
  { predictions = [], outcomes }: Pick<SheetReport, 'predictions' | 'outcomes'>,
  unit: string,
  time: Times,
): string {
  if (predictions.length === 0 || !outcomes) return '<p>None was announced.</p>';
  const rows = predictions.map((each) => [
    time.full(each.announcedAt),
    `${each.side} ${number(each.limit)}${unit} (${each.ruleId})`,
    each.crossesAt === undefined ? 'not said' : time.full(each.crossesAt),
    becameText(each, time),
    each.acknowledged ? `${whoText(each.acknowledged.by)}, ${time.full(each.acknowledged.at)}` : 'nobody',
    each.remarks.flatMap(({ comment = [] }) => comment).join(' / ') || '–',
  ]);
  const head = ['Announced', 'Limit', 'Expected', 'Became', 'Acknowledged by', 'Note'];
  return `${table(head, rows, [])}
<p><b>${escaped(outcomeText(outcomes))}.</b></p>
<p class="dim">Crossed: a minute’s mean passed the limit before the alert was over or within the announced time. Averted: it did not, and somebody acknowledged or commented on the alert before it was over. False: it did not, and nobody had.</p>`;
}

const BECAME: Readonly<Record<Outcome, (prediction: SheetPrediction, time: Times) => string>> = {
  crossed: ({ crossedAt = 0, leadMs = 0 }, time) => `crossed ${time.full(crossedAt)}, ${leadText(leadMs)}`,
  averted: ({ to }, time) => `averted${over(to, time)}`,
  false: ({ to }, time) => `false${over(to, time)}`,
  open: () => 'open',
  ended: ({ to }, time) => `ended with a change of the rule${over(to, time)}`,
};

const becameText = (prediction: SheetPrediction, time: Times) => BECAME[prediction.outcome](prediction, time);
const over = (to: number | undefined, time: Times) => (to === undefined ? '' : `, over ${time.full(to)}`);
const leadText = (leadMs: number) =>
  leadMs === 0 ? 'already there' : `${lengthText(leadMs)} after the alert`;

/** Markup below several sheets: the counts of all of them; empty if none has a prediction. */
export function totalsPart(devices: readonly SheetDevice[]): string {
  const counted = devices.flatMap(({ report }) => report?.outcomes ?? []);
  const total = sumOutcomes(counted);
  if (devices.length < 2 || total.announced === 0) return '';
  return `<article class="sheet"><p><b>Predictions of all ${devices.length} devices. ${escaped(outcomeText(total))}.</b></p></article>`;
}
