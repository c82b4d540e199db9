// The large plot. uPlot draws the lines and axes; plot-layers.ts draws the layers below and above them.

import uPlot from 'uplot';
import { dayText, minuteText, monthText, secondText } from '../model/format.ts';
import type { Line, PlotData } from '../model/plot-data.ts';
import { FONT, paintOf } from './paint.ts';
import { drawAbove, drawBelow, LINE_STYLES, scaleOf } from './plot-layers.ts';

export interface PlotOptions {
  readonly height: number;
  readonly axisWidth: number;
  /** Plots with the same key share the cursor. */
  readonly sync?: string;
  readonly hasTimes: boolean;
  /** Leaves room at the right for the second scale of a plot above. */
  readonly isIndented: boolean;
  /** The moment of the pointer, in epoch seconds. */
  readonly onPoint?: (seconds: number | undefined) => void;
  readonly onSelect?: (from: number, to: number) => void;
}

export interface Plot {
  readonly update: (data: PlotData) => void;
  readonly close: () => void;
}

const HALF_DAY_MS = 12 * 3_600_000;
const DAY_SECONDS = 86_400;
const LEAST_SELECTION = 8;
/** Steps between the labels of a scale: 1, 2 and 5, without 2.5. */
const INCREMENTS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1e6, 1e9,
];

/** Lines may have different timestamps. A timestamp that a line lacks does not break it; a gap does. */
const columnsFor = ({ columns, lines }: PlotData): uPlot.AlignedData => {
  const own = [columns.x, columns.max, columns.min, columns.mean] as uPlot.AlignedData;
  const others = lines.map(({ columns: { x, mean } }) => [x, mean] as uPlot.AlignedData);
  return others.length === 0 ? own : uPlot.join([own, ...others]);
};

/** Labels by step size: seconds, minutes, the date at midnight, or months. */
function timeLabels(u: uPlot, splits: number[]): string[] {
  const [from, to] = [u.scales['x']!.min ?? 0, u.scales['x']!.max ?? 0];
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  return splits.map((seconds) => {
    const at = seconds * 1000;
    if (u.valToPos(seconds, 'x') < 14 || u.valToPos(seconds, 'x') > u.bbox.width / devicePixelRatio - 14)
      return '';
    if (step > 27 * DAY_SECONDS) return monthText(at);
    const time = step < 60 ? secondText(at) : minuteText(at);
    return time === '00:00' || ((to - from) * 1000 > 3 * HALF_DAY_MS && time === '24:00')
      ? dayText(at)
      : time;
  });
}

const valueLabels = (_u: uPlot, values: number[]) =>
  values.map((value) => String(value).replace('-', '\u2212'));

type Data = () => PlotData;

/** The line that has its own scale on the right, if one does. */
const ownScaled = (data: Data) => data().lines.find(({ range }) => range !== undefined);
const colorOf = (line: Line, data: Data) => paintOf()[LINE_STYLES[data().lines.indexOf(line)]!.color];

function axesFor({ axisWidth, hasTimes }: PlotOptions, data: Data): uPlot.Axis[] {
  const paint = paintOf();
  const axis = { stroke: paint.ink2, font: FONT(12), ticks: { show: false } };
  const scale = { ...axis, size: axisWidth, gap: 8, space: 34, incrs: INCREMENTS, values: valueLabels };
  const own = ownScaled(data);
  return [
    {
      ...{ ...axis, grid: { stroke: paint.grid, width: 1 }, show: hasTimes },
      ...{ size: hasTimes ? 26 : 0, gap: 6, space: 76, values: timeLabels },
    },
    { ...scale, grid: { stroke: paint.grid, width: 1 } },
    ...(own
      ? [{ ...scale, scale: 'other', side: 1 as const, stroke: colorOf(own, data), grid: { show: false } }]
      : []),
  ];
}

/** The highest and lowest values, which only bound the band, then the mean and the other lines. */
function seriesFor(host: HTMLElement, data: Data): uPlot.Series[] {
  const hidden = { stroke: 'transparent', width: 0, points: { show: false } };
  const isDense = data().columns.x.length > host.clientWidth / 2.4;
  return [
    {},
    hidden,
    hidden,
    { stroke: paintOf().mean, width: isDense ? 1.25 : 1.75, points: { show: false }, spanGaps: false },
    ...data().lines.map((line, index) => ({
      ...{ scale: scaleOf(line), stroke: colorOf(line, data), width: 1.5 },
      ...{ dash: [...LINE_STYLES[index]!.dash], points: { show: false }, spanGaps: false },
    })),
  ];
}

const hooksFor = ({ onPoint, onSelect }: PlotOptions, data: Data): uPlot.Hooks.Arrays => ({
  drawClear: [(u) => drawBelow(u, data())],
  draw: [(u) => drawAbove(u, data())],
  setCursor: [(u) => onPoint?.(u.cursor.idx == null ? undefined : u.data[0][u.cursor.idx])],
  setSelect: [
    (u) => {
      const { left, width } = u.select;
      if (width < LEAST_SELECTION) return;
      onSelect?.(u.posToVal(left, 'x') * 1000, u.posToVal(left + width, 'x') * 1000);
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    },
  ],
});

function optionsFor(host: HTMLElement, options: PlotOptions, data: Data): uPlot.Options {
  const { height, axisWidth, hasTimes, isIndented, sync, onSelect } = options;
  const own = ownScaled(data);
  return {
    ...{ width: host.clientWidth, height, legend: { show: false } },
    padding: [8, own || !isIndented ? 0 : axisWidth, hasTimes ? 0 : 8, 0],
    scales: {
      x: { time: true, range: () => [data().from / 1000, data().to / 1000] },
      y: { range: () => [...data().range] },
      ...(own && { other: { range: () => [...(ownScaled(data)?.range ?? data().range)] } }),
    },
    cursor: {
      ...(sync !== undefined && { sync: { key: sync } }),
      points: { size: 7, fill: paintOf().paper, width: 1.5 },
      drag: { x: onSelect !== undefined, y: false, setScale: false },
      y: false,
    },
    axes: axesFor(options, data),
    series: seriesFor(host, data),
    bands: [{ series: [1, 2], fill: paintOf().band }],
    hooks: hooksFor(options, data),
  };
}

/** Draws into `host` with the current theme's colours. */
export function openPlot(host: HTMLElement, first: PlotData, options: PlotOptions): Plot {
  let data = first;
  const u = new uPlot(
    optionsFor(host, options, () => data),
    columnsFor(data),
    host,
  );
  const watch = new ResizeObserver(() => {
    if (host.clientWidth > 0 && host.clientWidth !== u.width)
      u.setSize({ width: host.clientWidth, height: options.height });
  });
  watch.observe(host);
  return {
    update(next) {
      data = next;
      u.setData(columnsFor(data));
    },
    close() {
      watch.disconnect();
      u.destroy();
    },
  };
}
