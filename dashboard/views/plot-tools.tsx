// The controls above a device's plots (ranges, moves and the shown span) and the key below them.

import type { ComponentChildren } from 'preact';
import { setQuery, type App } from '../data/app.ts';
import { edgeText, minuteText, sizeText } from '../model/format.ts';
import { RANGES, spanOf, type Step } from '../model/ladder.ts';
import type { Move, View } from '../model/view.ts';
import { Time } from '../parts/time.tsx';

const DAY_MS = 86_400_000;

const Ranges = ({ app, view }: { app: App; view: View }) => {
  const { query } = app.route.value;
  const isPressed = (name: string) =>
    view.isLive && query['from'] === undefined && spanOf(query['range']) === spanOf(name);
  return (
    <span class="seg range" role="group" aria-label="Range">
      {RANGES.map(([name]) => (
        <button
          key={name}
          aria-pressed={isPressed(name)}
          onClick={() => setQuery(app, { range: name, from: undefined, to: undefined })}
        >
          {name.replace(/([a-z])/, '\u2009$1')}
        </button>
      ))}
    </span>
  );
};

function ShownSpan({ view: { from, to, isLive }, step }: { view: View; step: Step }) {
  const span = to - from;
  return (
    <span class="dim hide-s">
      <Time at={from} as={(at) => edgeText(at, span)} /> –{' '}
      {isLive ? 'now' : <Time at={to} as={(at) => (span < DAY_MS ? minuteText(at) : edgeText(at, span))} />} ·{' '}
      every {sizeText(step.size)}
    </span>
  );
}

const MOVES = [
  ['earlier', 'Earlier', '←'],
  ['in', 'Zoom in', '+'],
  ['out', 'Zoom out', '−'],
  ['later', 'Later', '→'],
] as const;

export function PlotTools({
  app,
  view,
  step,
  onMove,
}: {
  app: App;
  view: View;
  step: Step;
  onMove: (move: Move) => void;
}) {
  return (
    <div class="ptools">
      <Ranges app={app} view={view} />
      <ShownSpan view={view} step={step} />
      <span class="row push">
        {MOVES.map(([move, label, sign]) => (
          <button
            key={move}
            class="icon"
            aria-label={label}
            title={label}
            disabled={move === 'later' && view.isLive}
            onClick={() => onMove(move)}
          >
            {sign}
          </button>
        ))}
        <button class="btn" disabled={view.isLive} onClick={() => onMove('live')}>
          {view.isLive ? 'Live' : 'Back to live'}
        </button>
      </span>
    </div>
  );
}

const Item = ({ children, word }: { children: ComponentChildren; word: string }) => (
  <span>
    <svg viewBox="0 0 22 12" aria-hidden="true">
      {children}
    </svg>
    {word}
  </span>
);

/** The signs of what only some plots have. */
const LimitsItem = () => (
  <Item word="within limits">
    <path d="M0 0h22v12H0z" fill="var(--channel)" />
    <path d="M0 1h22" stroke="var(--ink-2)" stroke-dasharray="5 3" />
  </Item>
);
const AlarmItem = () => (
  <Item word="alarm">
    <path d="M0 0h22v12H0z" fill="var(--alarm-wash)" />
    <path d="M0 1.5h22" stroke="var(--alarm)" stroke-width="3" />
  </Item>
);
const BandItem = () => (
  <Item word="outside its normal band">
    <path d="M0 7h22v5H0z" fill="var(--watch)" />
  </Item>
);
const ForecastItem = () => (
  <Item word="expected">
    <path d="M0 9L22 0v12z" fill="var(--watch)" opacity="0.2" />
    <path d="M0 9L22 5" stroke="var(--watch)" stroke-dasharray="4 3" />
  </Item>
);

export const PlotKey = ({
  hasLimits,
  hasAlarm,
  hasBand,
  hasForecast,
}: {
  hasLimits: boolean;
  hasAlarm: boolean;
  hasBand: boolean;
  hasForecast: boolean;
}) => (
  <div class="key">
    <Item word="mean">
      <path d="M0 7q5-6 11 0t11 0" stroke="var(--mean)" stroke-width="1.75" fill="none" />
    </Item>
    <Item word="lowest to highest">
      <path d="M0 3h22v7H0z" fill="var(--band)" />
    </Item>
    {hasLimits && <LimitsItem />}
    {hasAlarm && <AlarmItem />}
    {hasBand && <BandItem />}
    {hasForecast && <ForecastItem />}
    <Item word="not measured">
      <path d="M4 0v12M18 0v12" stroke="var(--ink-3)" stroke-dasharray="2 2" />
    </Item>
  </div>
);
