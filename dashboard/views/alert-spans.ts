// The alerts that a device's plot shades. They are loaded again when the span or the open alerts change.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
import type { HistoryEntry } from '../model/api-types.ts';
import { alertSpansOf } from '../model/alert-spans.ts';
import type { Span } from '../model/plot-data.ts';
import { isSilenceRule } from '../model/rules.ts';
import { minuteText } from '../model/format.ts';
import type { View } from '../model/view.ts';

const BEFORE_MS = 24 * 3_600_000;
const NONE: readonly Span[] = [];

export function useSpans(app: App, deviceId: string, { from, to, isLive }: View): readonly Span[] {
  const { store, api, session } = app;
  const spans = useSignal<readonly Span[]>(NONE);
  const own = store.alerts.value.filter((alert) => alert.deviceId === deviceId);
  const key = `${deviceId} ${isLive ? to - from : from} ${own.map(({ ruleId, state }) => ruleId + state).join()}`;
  useEffect(() => {
    if (session.isGuest()) return undefined;
    let isGone = false;
    const query = { from: Math.round(from - BEFORE_MS), to: Math.round(to) + 1, limit: 500 };
    api
      .get<{ entries: readonly HistoryEntry[] }>(`${pathOf('devices', deviceId)}/alerts/history`, query)
      .then(
        ({ entries }) => {
          if (isGone) return;
          spans.value = alertSpansOf(entries)
            .filter(({ ruleId }) => !isSilenceRule(store.rules.value.find(({ id }) => id === ruleId)))
            .map((span) => ({
              from: span.from,
              to: span.to ?? Number.MAX_SAFE_INTEGER,
              label: span.to === undefined ? `alarm since ${minuteText(span.from)}` : '',
            }));
        },
        () => {
          spans.value = NONE; // the plot still shows the readings, and the alerts view reports the failure
        },
      );
    return () => {
      isGone = true;
    };
  }, [key]);
  return spans.value;
}
