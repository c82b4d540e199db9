// The plot of an alert's metric around the alert, with the worst value.

import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { App } from '../data/app.ts';
import { openHistory, type History } from '../data/history.ts';
import type { Case } from '../model/alert-cases.ts';
import type { Rule } from '../model/api-types.ts';
import { metricText, minuteText, numberText } from '../model/format.ts';
import { stepFor } from '../model/ladder.ts';
import type { PlotData } from '../model/plot-data.ts';
import { rangeOf } from '../model/plot-range.ts';
import { channelOf, isSilenceRule, limitsOf, mainMetricOf } from '../model/rules.ts';
import { columnsOf } from '../model/windows.ts';
import type { Lookups } from '../parts/member.ts';
import { MetricPlot } from '../parts/metric-plot.tsx';
import { own } from '../../core/own.ts';

/** The plot goes from this long before the alert to this long after it. */
export const BEFORE_MS = 40 * 60_000;
export const AFTER_MS = 20 * 60_000;
/** The room to the right of now, as a part of the span. */
const EDGE = 0.012;

/** Epoch milliseconds. `until` is undefined while the alert is active. */
interface PictureSpan {
  readonly start: number;
  readonly until: number | undefined;
}

/** The history around the alert. It has coarser buckets if the windows are gone. */
function usePictureHistory(app: App, deviceId: string, { start, until }: PictureSpan) {
  const history = useSignal<History | undefined>(undefined);
  const isCoarse = useSignal(false);
  const isGone = history.value?.isGone.value ?? false;
  useEffect(() => {
    if (isGone) isCoarse.value = true;
  }, [isGone]);
  const stepTo = (to: number) => stepFor({ from: start, to }, Date.now(), app.config.storage, isCoarse.value);
  useEffect(() => {
    const to = until ?? Date.now();
    const isLive = until === undefined;
    const opened = openHistory(app, deviceId, { from: start, to, isLive, step: stepTo(to) });
    history.value = opened;
    return opened.close;
  }, [deviceId, start, until, isCoarse.value]);
  return { history: history.value, stepTo };
}

/** The metric of the alert's rule, or the device's main one, as plot data; undefined without windows. */
function drawnOf(
  app: App,
  { deviceId, from, to }: Case,
  rule: Rule | undefined,
  { history, start, end, size }: { history: History | undefined; start: number; end: number; size: number },
): { readonly metric: string; readonly data: PlotData } | undefined {
  const windows = history?.series() ?? [];
  const isLive = to === undefined;
  const names = [...new Set(windows.flatMap(({ metrics }) => Object.keys(metrics)))];
  const metric = names.find((name) => name === rule?.metric) ?? mainMetricOf(names);
  if (metric === undefined) return undefined;
  const device = app.store.devices.peek()?.find((each) => each.deviceId === deviceId) ?? { deviceId };
  const limits = limitsOf(app.store.rules.peek(), device, metric);
  const columns = columnsOf(windows, metric, size, isLive ? end : undefined);
  const { low, high } = channelOf(limits);
  const near = [low, high].filter((limit) => limit !== undefined);
  const unit = own(history?.units(), metric) ?? own(device.units, metric);
  const spans = isSilenceRule(rule)
    ? []
    : [
        {
          from,
          to: to ?? Number.MAX_SAFE_INTEGER,
          label: `alarm ${isLive ? 'since' : 'at'} ${minuteText(from)}`,
        },
      ];
  const range = rangeOf([...columns.min, ...columns.max], near);
  const edge = isLive ? end + (end - start) * EDGE : end;
  return { metric, data: { columns, limits, spans, range, unit, from: start, to: edge, isLive, lines: [] } };
}

/** The plot from 40 minutes before the alert to 20 minutes after it, or to now. */
export function Picture({ app, lookups, of }: { app: App; lookups: Lookups; of: Case }) {
  const { deviceId, ruleId, from, to } = of;
  const until = useMemo(() => (to === undefined ? undefined : Math.min(to + AFTER_MS, Date.now())), [to]);
  const start = from - BEFORE_MS;
  const { history, stepTo } = usePictureHistory(app, deviceId, { start, until });
  const rule = lookups.rulesById.value.get(ruleId);
  const isSilence = isSilenceRule(rule);
  const version = history?.version.value;
  const end = until ?? Math.floor(app.store.now.value / 1000) * 1000;
  const drawn = useMemo(
    () => drawnOf(app, of, rule, { history, start, end, size: stepTo(end).size }),
    [version, history, rule, end, start],
  );
  if (!drawn)
    return (
      <div class="plots">
        <div class="plot-wait" aria-busy={!history?.isLoaded.value}>
          {history?.isLoaded.value && <p class="dim">Nothing was measured in this time.</p>}
        </div>
      </div>
    );
  return (
    <div class="plots">
      {!isSilence && <Worst {...drawn.data} alarmFrom={from} alarmTo={to} />}
      <MetricPlot
        isMain
        title={`${metricText(drawn.metric)}${drawn.data.unit ? `, ${drawn.data.unit}` : ''}`}
        data={drawn.data}
        height={260}
        hint={`from 40 min before ${to === undefined ? 'to now' : 'to 20 min after'}`}
        theme={app.theme.value}
      />
    </div>
  );
}

/** The value furthest beyond a limit during the alarm. */
function Worst({
  columns,
  limits,
  unit,
  alarmFrom,
  alarmTo = Infinity,
}: PlotData & { alarmFrom: number; alarmTo?: number }) {
  const { low, high } = channelOf(limits);
  const inside = columns.x.flatMap((x, index) =>
    x * 1000 >= alarmFrom && x * 1000 <= alarmTo ? [index] : [],
  );
  const [top, bottom] = [
    Math.max(...inside.map((index) => columns.max[index] ?? -Infinity)),
    Math.min(...inside.map((index) => columns.min[index] ?? Infinity)),
  ];
  const worst =
    high !== undefined && top > high ? top : low !== undefined && bottom < low ? bottom : undefined;
  if (worst === undefined) return null;
  return (
    <p class="worst">
      Worst{' '}
      <b>
        {numberText(worst, unit)}
        {unit !== undefined && ` ${unit}`}
      </b>
    </p>
  );
}
