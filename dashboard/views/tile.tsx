// One device in the contact sheet of its site.

import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { App } from '../data/app.ts';
import type { Device } from '../model/api-types.ts';
import { durationText, metricText, nameText, numberText } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { columnsOf, joined } from '../model/windows.ts';
import { memberOf, type Lookups, type Member } from '../parts/member.ts';
import { Shape } from '../parts/signs.tsx';
import { Sparkline, type SparkData } from '../parts/sparkline.tsx';

const SPAN_MS = 10 * 60_000;

/** Made anew when the device was heard, while it is in sight: of a thousand tiles few are. */
export function useSpark(app: App, member: Member, isSeen: boolean): SparkData {
  const { track, metric = '', low, high, state } = member;
  const { store } = app;
  const size = store.windowMs;
  const to = store.now.peek();
  return useMemo(() => {
    const windows = joined(track.windows, track.live, size).filter(({ start }) => start >= to - SPAN_MS);
    return { columns: columnsOf(windows, metric, size), low, high, state, from: to - SPAN_MS, to };
  }, [isSeen && track.version.value, isSeen, metric, low, high, state, size]);
}

/** Whether the element is in sight; its history is loaded when it is for the first time. */
export function useSight(app: App, deviceId: string) {
  const element = useRef<HTMLElement>(null);
  const isSeen = useSignal(false);
  useEffect(() => {
    const watch = new IntersectionObserver((entries) => {
      isSeen.value = entries.at(-1)!.isIntersecting;
      if (isSeen.value) app.store.ensure(deviceId);
    });
    watch.observe(element.current!);
    return () => watch.disconnect();
  }, [deviceId]);
  return { element, isSeen: isSeen.value };
}

export const limitsText = ({ low, high, unit }: Pick<Member, 'low' | 'high' | 'unit'>): string => {
  const text = (value: number) => numberText(value, unit, true);
  if (low !== undefined && high !== undefined) return `${text(low)}\u2009\u2026\u2009${text(high)}`;
  if (high !== undefined) return `to ${text(high)}`;
  return low === undefined ? '' : `from ${text(low)}`;
};

/** What else the device measures, in one short line. */
function secondText({ track, metric, device }: Member): string {
  const second = Object.keys(track.values).find((name) => name !== metric);
  if (second === undefined) return '';
  const unit = device.units?.[second] ?? '';
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

export function Tile({ app, lookups, device }: { app: App; lookups: Lookups; device: Device }) {
  const member = memberOf(app, lookups, device);
  const { element, isSeen } = useSight(app, device.deviceId);
  const spark = useSpark(app, member, isSeen);
  const { state, value, unit, word } = member;
  const limits = limitsText(member);
  return (
    <a
      class={`tile ${state}`}
      href={linkTo('device', [device.deviceId])}
      ref={element as { current: HTMLAnchorElement | null }}
    >
      <div class="n">
        <span title={device.deviceId}>{nameText(device.deviceId)}</span>
        {state === 'ok' ? <span class="vh">{word}</span> : <Shape name={state} />}
      </div>
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
      <Sparkline data={spark} isSeen={isSeen} theme={app.theme.value} label="The last ten minutes" />
      <div class="m">{footOf(member, app.store.now.peek())}</div>
    </a>
  );
}
