// The controls above a device's plots (ranges, moves and the shown span) and the key below them.

import type { ComponentChildren } from 'preact';
import { setQuery, type App } from '../data/app.ts';
import { edgeText, minuteText, sizeText } from '../model/format.ts';
import { RANGES, spanOf, type Step } from '../model/ladder.ts';
import type { Move, View } from '../model/view.ts';
import { Time } from '../parts/time.tsx';

const DAY_MS = 86_400_000;

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
  const { query } = app.route.value;
  const span = view.to - view.from;
  const isPressed = (name: string) =>
    view.isLive && query['from'] === undefined && spanOf(query['range']) === spanOf(name);
  const icon = (move: Move, label: string, text: string, isOff = false) => (
    <button class="icon" aria-label={label} disabled={isOff} onClick={() => onMove(move)}>
      {text}
    </button>
  );
  return (
    <div class="ptools">
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
      <span class="dim hide-s">
        <Time at={view.from} as={(at) => edgeText(at, span)} /> –{' '}
        {view.isLive ? (
          'now'
        ) : (
          <Time at={view.to} as={(at) => (span < DAY_MS ? minuteText(at) : edgeText(at, span))} />
        )}{' '}
        · {sizeText(step.size)} buckets
      </span>
      <span class="row push">
        {icon('earlier', 'Earlier', '←')}
        {icon('in', 'Zoom in', '+')}
        {icon('out', 'Zoom out', '−')}
        {icon('later', 'Later', '→', view.isLive)}
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
    {hasLimits && (
      <Item word="within limits">
        <path d="M0 0h22v12H0z" fill="var(--channel)" />
        <path d="M0 1h22" stroke="var(--ink-2)" stroke-dasharray="5 3" />
      </Item>
    )}
    {hasAlarm && (
      <Item word="alarm">
        <path d="M0 0h22v12H0z" fill="var(--alarm-wash)" />
        <path d="M0 1.5h22" stroke="var(--alarm)" stroke-width="3" />
      </Item>
    )}
    {hasBand && (
      <Item word="outside its normal band">
        <path d="M0 7h22v5H0z" fill="var(--watch)" />
      </Item>
    )}
    {hasForecast && (
      <Item word="expected">
        <path d="M0 9L22 0v12z" fill="var(--watch)" opacity="0.2" />
        <path d="M0 9L22 5" stroke="var(--watch)" stroke-dasharray="4 3" />
      </Item>
    )}
    <Item word="not measured">
      <path d="M4 0v12M18 0v12" stroke="var(--ink-3)" stroke-dasharray="2 2" />
    </Item>
  </div>
);
