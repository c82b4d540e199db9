// What the view of a device loads and draws: the device itself, its history, and the data of each plot.

import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { pathOf } from '../data/api.ts';
import type { App } from '../data/app.ts';
import { openHistory, type History } from '../data/history.ts';
import type { Device } from '../model/api-types.ts';
import type { Step } from '../model/ladder.ts';
import { rangeOf, type Range } from '../model/plot-range.ts';
import { channelOf, limitsOf, mainMetricOf } from '../model/rules.ts';
import type { View } from '../model/view.ts';
import { columnsOf } from '../model/windows.ts';
import type { PlotData, Span } from '../parts/plot-layers.ts';

/** Of the span, behind now. */
const EDGE = 0.012;

/** Opens a history for the stretch of time, and another when its buckets or its past change. */
export function useWindows(app: App, deviceId: string, view: View, step: Step): History | undefined {
  const key = view.isLive
    ? `${deviceId} live ${Math.round((view.to - view.from) / 1000)}`
    : `${deviceId} ${view.from} ${view.to}`;
  const history = useSignal<History | undefined>(undefined);
  useEffect(() => {
    const opened = openHistory(app, deviceId, { ...view, step });
    history.value = opened;
    return opened.close;
  }, [key, step.resolution]);
  return history.value;
}

/** What the list says, and what only the device's own answer has: its address, why it left, what was skipped. */
export function useDetails(app: App, deviceId: string, listed: Device | undefined): Device {
  const details = useSignal<Device | undefined>(undefined);
  useEffect(() => {
    if (listed === undefined) return;
    app.api.get<Device>(pathOf('devices', deviceId)).then(
      (found) => {
        details.value = found;
      },
      () => undefined, // the list says what is wrong, and asks again
    );
  }, [deviceId, listed]);
  const own = details.value?.deviceId === deviceId ? details.value : undefined;
  return useMemo(() => ({ deviceId, ...own, ...listed }), [deviceId, own, listed]);
}

export interface Drawn {
  readonly metric: string;
  readonly data: PlotData;
}

/** What each metric's plot draws; the range only grows while the span is the same. */
export function useDrawn(
  app: App,
  device: Device,
  history: History | undefined,
  view: View,
  step: Step,
  spans: readonly Span[],
) {
  const ranges = useRef(new Map<string, Range>());
  const spanKey = view.isLive ? view.to - view.from : view.from;
  const before = useRef(spanKey);
  if (before.current !== spanKey) {
    ranges.current.clear();
    before.current = spanKey;
  }
  const version = history?.version.value;
  const rules = app.store.rules.value;
  return useMemo((): readonly Drawn[] => {
    const windows = history?.series() ?? [];
    const inView = windows.filter(({ start }) => start + step.size > view.from && start < view.to);
    const names = [...new Set(inView.flatMap(({ metrics }) => Object.keys(metrics)))];
    const main = mainMetricOf(names);
    const sorted = names.sort((a, b) => Number(b === main) - Number(a === main) || (a < b ? -1 : 1));
    return sorted.map((metric) => {
      const unit = history?.units()[metric] ?? device.units?.[metric];
      const columns = columnsOf(inView, metric, step.size, view.isLive ? view.to : undefined);
      const limits = limitsOf(rules, device, metric);
      const known = ranges.current.get(metric);
      const inner = channelOf(limits);
      const near = [inner.low, inner.high].filter((limit) => limit !== undefined);
      const range = rangeOf([...columns.min, ...columns.max], near, known, unit === '°C' ? 8 : 1);
      ranges.current.set(metric, range);
      const { from, isLive } = view;
      // The newest bucket is drawn at its middle, which may lie ahead of now.
      const to = isLive ? view.to + (view.to - from) * EDGE : view.to;
      const own = metric === main ? spans : [];
      return { metric, data: { columns, limits, range, unit, from, to, isLive, spans: own } };
    });
  }, [version, history, rules, spans, Math.floor(view.to / 1000), view.from, device]);
}
