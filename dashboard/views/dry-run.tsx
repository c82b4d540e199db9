// The result of a rule's dry run over the last day: a sentence, and a timeline for each device.

import type { App } from '../data/app.ts';
import { durationText, nameText } from '../model/format.ts';
import { drySpansOf, verdictText, type DryRun, type DrySpan } from '../model/rule-draft.ts';
import { linkTo } from '../model/route.ts';

const DAY_MS = 86_400_000;
const WIDTH = 1000;
const MOST_DEVICES = 12;

/** Drawn in the text colour instead of red, since nothing is wrong. */
function SpanBar({ spans, now }: { spans: readonly DrySpan[]; now: number }) {
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

type Spans = readonly (readonly [deviceId: string, spans: readonly DrySpan[]])[];

const lengthOf = (spans: readonly DrySpan[], now: number) =>
  spans.reduce((sum, { from, to = now }) => sum + to - from, 0);

const Timelines = ({ spans, now }: { spans: Spans; now: number }) => (
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
            <SpanBar spans={list} now={now} />
          </td>
          <td class="num">{list.length}</td>
          <td class="num nb">{durationText(lengthOf(list, now))}</td>
        </tr>
      ))}
    </tbody>
  </table>
);

function Run({ run, now }: { run: DryRun; now: number }) {
  const spans = [...drySpansOf(run.notifications)].slice(0, MOST_DEVICES);
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
      {spans.length > 0 && <Timelines spans={spans} now={now} />}
    </div>
  );
}

export function Verdict({
  app,
  outcome,
}: {
  app: App;
  outcome: { readonly run: DryRun } | { readonly problem: string } | undefined;
}) {
  if (!outcome) return <div class="dry" aria-busy="true" />;
  if ('run' in outcome) return <Run run={outcome.run} now={app.store.now.peek()} />;
  return (
    <div class="dry">
      <p class="err" role="status">
        {outcome.problem}
      </p>
    </div>
  );
}
