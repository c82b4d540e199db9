// Turns windows into plot data: which metrics the device view draws, the lines over them, and the value ranges.

import type { Device, Rule } from './api-types.ts';
import { metricText } from './format.ts';
import type { Outlook } from './outlook.ts';
import type { Step } from './ladder.ts';
import type { Band, Line, PlotData, Span } from './plot-data.ts';
import { rangeOf, type Range } from './plot-range.ts';
import { channelOf, limitsOf, mainMetricOf } from './rules.ts';
import type { View } from './view.ts';
import { columnsOf, type StoredWindow } from './windows.ts';
import { own } from '../../core/own.ts';

export interface Drawn {
  readonly metric: string;
  readonly data: PlotData;
}

export interface Sources {
  readonly windows: readonly StoredWindow[];
  /** The windows of compared devices, with the labels of their lines. */
  readonly others: readonly (readonly [label: string, windows: readonly StoredWindow[]])[];
  /** The metric drawn over the main one. */
  readonly over: string | undefined;
  readonly units: Readonly<Record<string, string>>;
  readonly device: Device;
  readonly rules: readonly Rule[];
  readonly spans: readonly Span[];
  readonly view: View;
  readonly step: Step;
  readonly outlooks: readonly Outlook[];
}

/** The room to the right of now, as a part of the span. */
const EDGE = 0.012;
/** The room for a forecast: as a part of the span, and at most in milliseconds. */
const AHEAD = 0.3;
const AHEAD_MS = 3_600_000;

/** The end of the plots' time, with room for the newest bucket or a forecast; epoch milliseconds. */
function endOf({ view: { from, to, isLive }, outlooks }: Sources): number {
  if (!isLive) return to;
  const span = to - from;
  // The newest bucket is drawn at its middle, which may be after now.
  return to + (outlooks.some(({ forecast }) => forecast) ? Math.min(AHEAD * span, AHEAD_MS) : EDGE * span);
}

/** Windows as columns and ranges. `ranges` holds each plot's last value range and is updated. */
function createDrawing(sources: Sources, ranges: Map<string, Range>) {
  const { view, step, units } = sources;
  const inView = ({ start }: StoredWindow) => start + step.size > view.from && start < view.to;
  const windows = sources.windows.filter(inView);
  const beside = sources.others.map(([label, own]) => [label, own.filter(inView)] as const);
  const columnsIn = (own: readonly StoredWindow[], metric: string) =>
    columnsOf(own, metric, step.size, view.isLive ? view.to : undefined);
  const grown = (metric: string, values: readonly (number | null)[], limits: readonly number[]) => {
    const range = rangeOf(values, limits, ranges.get(metric), own(units, metric) === '°C' ? 8 : 1);
    ranges.set(metric, range);
    return range;
  };
  return {
    metrics: [...new Set(windows.flatMap(({ metrics }) => Object.keys(metrics)))],
    columns: (metric: string) => columnsIn(windows, metric),
    grown,
    /** The lines of compared devices. */
    lines: (metric: string): Line[] =>
      beside
        .map(([label, own]) => ({ label, columns: columnsIn(own, metric) }))
        .filter(({ columns }) => columns.x.length > 0),
    /** The line of another metric, with its own scale. */
    lineOfMetric: (metric: string): Line => {
      const columns = columnsIn(windows, metric);
      const range = grown(metric, [...columns.min, ...columns.max], []);
      return { label: metricText(metric), columns, unit: own(units, metric), range };
    },
  };
}

/** The plot of one metric. Only the main one has alarms and the line of another metric. */
function plotOf(
  sources: Sources,
  drawing: ReturnType<typeof createDrawing>,
  metric: string,
  main: string | undefined,
): PlotData {
  const { over, units, device, rules, spans, view, outlooks } = sources;
  const isMain = metric === main;
  const columns = drawing.columns(metric);
  const limits = limitsOf(rules, device, metric);
  const { low, high } = channelOf(limits);
  const near = [low, high].filter((limit) => limit !== undefined);
  const lines = drawing.lines(metric);
  const means = lines.flatMap((line) => line.columns.mean);
  const outlook = outlooks.find((each) => each.metric === metric && each.learned);
  const forecast = view.isLive ? (outlook?.forecast ?? []) : [];
  const ends = forecast.map(({ value }) => value);
  const range = drawing.grown(metric, [...columns.min, ...columns.max, ...means, ...ends], near);
  if (isMain && over !== undefined && over !== main && drawing.metrics.includes(over))
    lines.push(drawing.lineOfMetric(over));
  return {
    ...{ columns, limits, range, unit: own(units, metric), lines, forecast },
    ...{ from: view.from, to: endOf(sources), isLive: view.isLive },
    // Alarms are not drawn beyond now.
    spans: isMain ? spans.map((each) => ({ ...each, to: Math.min(each.to, view.to) })) : [],
    band: bandOf(outlook, rules),
  };
}

/** The main metric comes first. `ranges` holds each plot's last value range and is updated. */
export function drawnOf(sources: Sources, ranges: Map<string, Range>): readonly Drawn[] {
  const drawing = createDrawing(sources, ranges);
  const main = mainMetricOf(drawing.metrics);
  return drawing.metrics
    .toSorted((a, b) => Number(b === main) - Number(a === main) || (a < b ? -1 : 1))
    .map((metric) => ({ metric, data: plotOf(sources, drawing, metric, main) }));
}

/** The learned normal band, and the rule's limit. */
function bandOf(outlook: Outlook | undefined, rules: readonly Rule[]): Band | undefined {
  const { above, below } = rules.find(({ id }) => id === outlook?.ruleId)?.predicted ?? {};
  const limit = above ?? below;
  if (!outlook?.learned || limit === undefined) return undefined;
  return { ...outlook.learned, side: above === undefined ? 'below' : 'above', limit };
}
