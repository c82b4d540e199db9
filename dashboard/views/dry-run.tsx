// The result of a rule's dry run over the last day: a sentence, and a timeline for each device.

import type { App } from '../data/app.ts';
import { durationText, nameText } from '../model/format.ts';
import { drySpansOf, verdictText, type DryRun, type DrySpan } from '../model/rule-draft.ts';
import { linkTo } from '../model/route.ts';

const DAY_MS = 86_400_000;
const WIDTH = 1000;

/** Drawn in the text colour instead of red, since nothing is wrong. */
function Lane({ spans, now }: { spans: readonly DrySpan[]; now: number }) {
  const x = (at: number) => Math.min(WIDTH - 5, Math.max(0, ((at - now + DAY_MS) / DAY_MS) * WIDTH));
  return (
    <svg class="drylane" viewBox={`0 0 ${WIDTH} 20`} preserveAspectRatio="none" aria-hidden="true">
      <path d={`M0 19.5H${WIDTH}`} stroke="var(--line-2)" />
      {spans.map(({ from, to = now }) => (
        <rect
          key={from}
          x={x(from)}
          y="3"
          width={Math.max(5, x(to) - x(from))}
          height="14"
          fill="var(--ink)"
        />
      ))}
    </svg>
  );
}

/** Formats names that the API quotes with backticks. */
const quoted = (sentence: string) =>
  sentence.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));

export function Verdict({
  app,
  outcome,
}: {
  app: App;
  outcome: { readonly run: DryRun } | { readonly problem: string } | undefined;
}) {
  const now = app.store.now.peek();
  if (!outcome) return <div class="dry" aria-busy="true" />;
  if ('problem' in outcome)
    return (
      <div class="dry">
        <p class="err" role="status">
          {outcome.problem}
        </p>
      </div>
    );
  const { run } = outcome;
  const spans = [...drySpansOf(run.notifications)].slice(0, 12);
  return (
    <div class="dry">
      <h3>Dry run, last 24 h</h3>
      <p class="verdict" role="status">
        {verdictText(run, now)}
      </p>
      <p class="dim">{quoted(run.summary)}</p>
      {run.warnings?.map((warning) => (
        <p class="dim" key={warning}>
          {quoted(warning)}
        </p>
      ))}
      {spans.length > 0 && (
        <table class="g3">
          <thead>
            <tr>
              <th>Device</th>
              <th class="hide-s">Last 24 h</th>
              <th class="num">Times</th>
              <th class="num">Lasted</th>
            </tr>
          </thead>
          <tbody>
            {spans.map(([deviceId, list]) => (
              <tr key={deviceId}>
                <td>
                  <a href={linkTo('device', [deviceId], { range: '24h' })}>{nameText(deviceId)}</a>
                </td>
                <td class="hide-s">
                  <Lane spans={list} now={now} />
                </td>
                <td class="num">{list.length}</td>
                <td class="num nb">
                  {durationText(list.reduce((sum, { from, to = now }) => sum + to - from, 0))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
