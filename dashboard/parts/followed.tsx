// Shows a message: its steps as a timeline, and what was read, skipped, rejected and evaluated.

import type { ComponentChildren } from 'preact';
import { secondText } from '../model/format.ts';
import {
  delayText,
  valueText,
  messageSteps,
  type ArchivedMessage,
  type Followed,
} from '../model/followed.ts';
import { linkTo } from '../model/route.ts';
import { Time } from './time.tsx';

const MINUTE_MS = 60_000;
const MOST_READINGS = 12;

const withMilliseconds = (at: number) => `${secondText(at)}.${String(at % 1000).padStart(3, '0')}`;

type Message = Followed & { readonly archive?: ArchivedMessage['archive'] };

export function MessageSteps({ message }: { message: Message }) {
  const steps = messageSteps(message);
  const delay = delayText(steps);
  return (
    <>
      <ol class="tl way">
        {steps.map(({ name, at, text, look }, index) => (
          <li key={index} class={look === 'hot' ? 'hot' : look === 'open' ? 'due' : undefined}>
            {at === undefined ? <span class="dim num">–</span> : <Time at={at} as={withMilliseconds} />}
            <i />
            <span class="break">
              <b>{name}</b> {text}
            </span>
          </li>
        ))}
      </ol>
      {delay !== undefined && <p class="dim">{delay}.</p>}
    </>
  );
}

function ReadingLine({ reading }: { reading: Followed['readings'][number] }) {
  const { deviceId, timestamp, isOwnTime, metrics, window } = reading;
  const around = {
    from: String(window.start - 5 * MINUTE_MS),
    to: String(window.end + 5 * MINUTE_MS),
  };
  return (
    <>
      <a href={linkTo('device', [deviceId], around)}>{deviceId}</a>, <Time at={timestamp} as={secondText} /> (
      {isOwnTime ? 'device time' : 'arrival time'}):{' '}
      <span class="mono">{metrics.map(valueText).join(', ')}</span>
    </>
  );
}

const RejectedLine = ({ of: { index, reason, detail, remedy } }: { of: Followed['rejected'][number] }) => (
  <>
    {index !== undefined && `Reading ${index}: `}
    <b class="mono">{reason}</b>: {detail}. <span class="dim">To fix it: {remedy}.</span>
  </>
);

const Pair = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div class="pair">
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

/** What was read from the message, and what was not. */
export function ReadOut({ message }: { message: Message }) {
  const { readings, rejected, skipped, judged, hints, rounded, format } = message;
  const more = readings.length - MOST_READINGS;
  return (
    <dl class="readout-of">
      <dt>Format</dt>
      <dd class="mono">{format ?? 'not recognised'}</dd>
      {readings.slice(0, MOST_READINGS).map((reading, index) => (
        <Pair key={index} name="Reading">
          <ReadingLine reading={reading} />
        </Pair>
      ))}
      {more > 0 && <dd class="dim">… and {more} more</dd>}
      {rejected.map((each, index) => (
        <Pair key={index} name="Rejected">
          <RejectedLine of={each} />
        </Pair>
      ))}
      {skipped.length > 0 && (
        <Pair name="Skipped">
          <span class="mono break">
            {skipped.map(({ name, reason }) => `${name || 'the payload'} (${reason})`).join(', ')}
          </span>
        </Pair>
      )}
      {rounded > 0 && <Pair name="Rounded">{rounded} values at the fifteenth decimal</Pair>}
      <dt>Rules</dt>
      <dd>{judged.length > 0 ? judged.join('; ') : 'no rule uses it'}</dd>
      {hints.map((hint) => (
        <Pair key={hint} name="Hint">
          {hint}
        </Pair>
      ))}
    </dl>
  );
}
