// Shows a message: its steps as a timeline, and what was read, skipped, rejected and evaluated.

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

/** What was read from the message, and what was not. */
export function ReadOut({ message }: { message: Message }) {
  const { readings, rejected, skipped, judged, hints, rounded, format } = message;
  const more = readings.length - MOST_READINGS;
  return (
    <dl class="readout-of">
      <dt>Format</dt>
      <dd class="mono">{format ?? 'not recognised'}</dd>
      {readings.slice(0, MOST_READINGS).map(({ deviceId, timestamp, isOwnTime, metrics, window }, index) => (
        <div class="pair" key={index}>
          <dt>Reading</dt>
          <dd>
            <a
              href={linkTo('device', [deviceId], {
                from: String(window.start - 5 * MINUTE_MS),
                to: String(window.end + 5 * MINUTE_MS),
              })}
            >
              {deviceId}
            </a>
            , <Time at={timestamp} as={secondText} /> ({isOwnTime ? 'device time' : 'arrival time'}):{' '}
            <span class="mono">{metrics.map(valueText).join(', ')}</span>
          </dd>
        </div>
      ))}
      {more > 0 && <dd class="dim">… and {more} more</dd>}
      {rejected.map(({ index, reason, detail, remedy }, place) => (
        <div class="pair" key={place}>
          <dt>Rejected</dt>
          <dd>
            {index !== undefined && `Reading ${index}: `}
            <b class="mono">{reason}</b>: {detail}. <span class="dim">To fix it: {remedy}.</span>
          </dd>
        </div>
      ))}
      {skipped.length > 0 && (
        <>
          <dt>Skipped</dt>
          <dd class="mono break">
            {skipped.map(({ name, reason }) => `${name || 'the payload'} (${reason})`).join(', ')}
          </dd>
        </>
      )}
      {rounded > 0 && (
        <>
          <dt>Rounded</dt>
          <dd>{rounded} values at the fifteenth decimal</dd>
        </>
      )}
      <dt>Rules</dt>
      <dd>{judged.length > 0 ? judged.join('; ') : 'no rule uses it'}</dd>
      {hints.map((hint) => (
        <div class="pair" key={hint}>
          <dt>Hint</dt>
          <dd>{hint}</dd>
        </div>
      ))}
    </dl>
  );
}
