// The tile of a device in its site.

import { useMemo } from 'preact/hooks';
import type { App } from '../data/app.ts';
import type { Device } from '../model/api-types.ts';
import { durationText, metricText, nameText, numberText } from '../model/format.ts';
import type { State } from '../model/fleet.ts';
import { linkTo } from '../model/route.ts';
import { columnsOf, joined } from '../model/windows.ts';
import { memberOf, type Lookups, type Member } from '../parts/member.ts';
import { useSight } from '../parts/sight.ts';
import { Shape } from '../parts/signs.tsx';
import { Sparkline, type SparkData } from '../parts/sparkline.tsx';
import { own } from '../../core/own.ts';

const SPAN_MS = 10 * 60_000;

/** The last ten minutes of a visible device, redrawn when it sends a message. */
export function Spark({ app, member }: { app: App; member: Member }) {
  const { track, metric = '', low, high, state } = member;
  const { store } = app;
  const size = store.windowMs;
  const to = store.now.peek();
  const data: SparkData = useMemo(() => {
    const windows = joined(track.windows, track.live, size).filter(({ start }) => start >= to - SPAN_MS);
    return { columns: columnsOf(windows, metric, size), low, high, state, from: to - SPAN_MS, to };
  }, [track.version.peek(), metric, low, high, state, size]);
  return <Sparkline data={data} theme={app.theme.value} label="The last ten minutes" />;
}

export const limitsText = ({ low, high, unit }: Pick<Member, 'low' | 'high' | 'unit'>): string => {
  const text = (value: number) => numberText(value, unit, true);
  if (low !== undefined && high !== undefined) return `${text(low)}\u2009\u2026\u2009${text(high)}`;
  if (high !== undefined) return `to ${text(high)}`;
  return low === undefined ? '' : `from ${text(low)}`;
};

/** The value of a second metric, in one short line. */
function secondText({ track, metric, device }: Member): string {
  const second = Object.keys(track.values).find((name) => name !== metric);
  if (second === undefined) return '';
  const unit = own(device.units, second) ?? '';
  return `${metricText(second)} ${numberText(track.values[second]!, unit)}${unit && ` ${unit}`}`;
}

function footOf(member: Member, now: number) {
  const { state, word, alert, silentFor } = member;
  const since = alert?.raisedAt ?? alert?.since;
  if (state === 'ok') return <span>{secondText(member)}</span>;
  return (
    <>
      <b>{word}</b>
      {state === 'silent' && silentFor !== undefined && <span>{durationText(silentFor)}</span>}
      {state !== 'silent' && since !== undefined && <span>{durationText(now - since)}</span>}
    </>
  );
}

/** What a tile shows below the name while it is visible. */
function Face({ app, member }: { app: App; member: Member }) {
  const { state, value, unit } = member;
  const limits = limitsText(member);
  return (
    <>
      <div class="v">
        {state === 'silent' && <span class="vh">last </span>}
        {value === undefined ? '\u2013' : numberText(value, unit ?? '°C')}
        <small>{unit}</small>
        {limits !== '' && (
          <small class="lim" title="limits">
            {limits}
          </small>
        )}
      </div>
      <Spark app={app} member={member} />
      <div class="m">{footOf(member, app.store.now.peek())}</div>
    </>
  );
}

/**
 * A device's tile. Out of sight it has only its name, link and state, which find-in-page and the keyboard need.
 *
 * @param state the state according to the fleet view, used while the tile is out of sight
 * @param isEarly whether the tile is among the first, which are likely to be visible at once
 */
export function Tile({
  app,
  lookups,
  device,
  state: known,
  isEarly,
}: {
  app: App;
  lookups: Lookups;
  device: Device;
  state: State;
  isEarly: boolean;
}) {
  const { element, isSeen } = useSight<HTMLAnchorElement>(app, device.deviceId, isEarly);
  const member = isSeen ? memberOf(app, lookups, device) : undefined;
  const state = member?.state ?? known;
  return (
    <a
      class={`tile ${state}${member ? '' : ' far'}`}
      href={linkTo('device', [device.deviceId])}
      ref={element}
    >
      <div class="n">
        <span title={device.deviceId}>{nameText(device.deviceId)}</span>
        {state !== 'ok' ? <Shape name={state} /> : member && <span class="vh">{member.word}</span>}
      </div>
      {member && <Face app={app} member={member} />}
    </a>
  );
}
