// The data of the device view: the device, its history, and the data of each plot.

import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { App } from '../data/app.ts';
import { openHistory, type History } from '../data/history.ts';
import { pathOf } from '../model/api-path.ts';
import type { Device } from '../model/api-types.ts';
import { drawnOf, type Drawn } from '../model/drawn.ts';
import { nameText } from '../model/format.ts';
import { stepFor, type Step } from '../model/ladder.ts';
import type { Outlook } from '../model/outlook.ts';
import type { Span } from '../model/plot-data.ts';
import type { Range } from '../model/plot-range.ts';
import type { View } from '../model/view.ts';

const keyOf = (view: View) =>
  view.isLive ? `live ${Math.round((view.to - view.from) / 1000)}` : `${view.from} ${view.to}`;

/** The buckets of a view: at least an hour long once the API has reported that its windows are gone. */
export function useStep(
  app: App,
  view: View,
  now: number,
): { readonly step: Step; readonly gone: () => void } {
  const coarse = useSignal<string | undefined>(undefined);
  const key = keyOf(view);
  const step = stepFor(view, now, app.config.storage, coarse.value === key);
  return {
    step,
    gone() {
      coarse.value = key;
    },
  };
}

/** Opens histories for the time span, and new ones when the devices, the buckets or the span change. */
export function useHistories(
  app: App,
  deviceIds: readonly string[],
  view: View,
  step: Step,
): ReadonlyMap<string, History> {
  const key = keyOf(view);
  const histories = useSignal<ReadonlyMap<string, History>>(new Map());
  useEffect(() => {
    const opened = new Map(deviceIds.map((id) => [id, openHistory(app, id, { ...view, step })]));
    histories.value = opened;
    return () => opened.forEach((history) => history.close());
  }, [deviceIds.join(), key, step.resolution]);
  return histories.value;
}

/**
 * The device from the list, with details that only its own resource has: IP address, disconnect reason, skipped members.
 */
export function useDetails(app: App, deviceId: string, listed: Device | undefined): Device {
  const details = useSignal<Device | undefined>(undefined);
  useEffect(() => {
    if (listed === undefined) return;
    app.api.get<Device>(pathOf('devices', deviceId)).then(
      (found) => {
        details.value = found;
      },
      () => undefined, // the device list reports the failure and tries again
    );
  }, [deviceId, listed]);
  const found = details.value;
  return useMemo(() => ({ deviceId, ...found, ...listed }), [deviceId, found, listed]);
}

/** The data of each metric's plot. The value range only grows while the span stays the same. */
export function useDrawn(
  app: App,
  device: Device,
  history: History | undefined,
  view: View,
  step: Step,
  spans: readonly Span[],
  compared: {
    readonly histories: ReadonlyMap<string, History>;
    readonly metric: string | undefined;
    readonly outlooks: readonly Outlook[];
  },
): readonly Drawn[] {
  const ranges = useRef(new Map<string, Range>());
  const spanKey = view.isLive ? view.to - view.from : view.from;
  const before = useRef(spanKey);
  if (before.current !== spanKey) {
    ranges.current.clear();
    before.current = spanKey;
  }
  const { histories, metric: over, outlooks } = compared;
  const versions = [history, ...histories.values()].map((each) => each?.version.value).join();
  const rules = app.store.rules.value;
  // A live plot is redrawn ten times per bucket, and at most once a second: a day moves by a pixel in minutes.
  const shown = view.isLive ? Math.floor(view.to / Math.max(1000, step.size / 10)) : view.to;
  return useMemo(() => {
    const others = [...histories].map(([id, other]) => [nameText(id), other.series()] as const);
    const windows = history?.series() ?? [];
    const units = { ...device.units, ...history?.units() };
    const sources = { windows, others, over, units, device, rules, spans, view, step, outlooks };
    return drawnOf(sources, ranges.current);
  }, [versions, history, histories, over, rules, outlooks, spans, shown, spanKey, device]);
}
