// The large plot: uPlot draws lines and axes, and plot-layers.ts what lies below and above them.

import uPlot from 'uplot';
import { dayText, minuteText, monthText, secondText } from '../model/format.ts';
import { FONT, paintOf } from './paint.ts';
import { drawAbove, drawBelow, type PlotData } from './plot-layers.ts';

export interface PlotOptions {
  readonly height: number;
  readonly axisWidth: number;
  /** Plots of one key share the cursor. */
  readonly sync?: string;
  readonly hasTimes: boolean;
  readonly onPoint?: (index: number | undefined) => void;
  readonly onSelect?: (from: number, to: number) => void;
}

export interface Plot {
  readonly update: (data: PlotData) => void;
  readonly close: () => void;
}

const HALF_DAY_MS = 12 * 3_600_000;
const DAY_SECONDS = 86_400;
const LEAST_SELECTION = 8;
/** Between labels of the scale: 1, 2 and 5, and no 2.5. */
const INCREMENTS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1e6, 1e9,
];

const columnsFor = ({ columns, second }: PlotData): uPlot.AlignedData => {
  const own = [columns.x, columns.max, columns.min, columns.mean] as uPlot.AlignedData;
  if (!second) return own;
  const others = [second.x, second.mean] as uPlot.AlignedData;
  return uPlot.join([own, others]);
};

/** Hours; the date at midnight, and where a day is a short way; months of a year; seconds where minutes are long. */
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

function optionsFor(host: HTMLElement, options: PlotOptions, data: () => PlotData): uPlot.Options {
  const paint = paintOf();
  const hidden = { stroke: 'transparent', width: 0, points: { show: false } };
  const isDense = data().columns.x.length > host.clientWidth / 2.4;
  return {
    width: host.clientWidth,
    height: options.height,
    legend: { show: false },
    padding: [8, 0, options.hasTimes ? 0 : 8, 0],
    scales: {
      x: { time: true, range: () => [data().from / 1000, data().to / 1000] },
      y: { range: () => [...data().range] },
    },
    cursor: {
      ...(options.sync !== undefined && { sync: { key: options.sync } }),
      points: { size: 7, fill: paint.paper, width: 1.5 },
      drag: { x: options.onSelect !== undefined, y: false, setScale: false },
      y: false,
    },
    axes: [
      {
        ...{
          stroke: paint.ink2,
          font: FONT(12),
          ticks: { show: false },
          grid: { stroke: paint.grid, width: 1 },
        },
        ...{ show: options.hasTimes, size: options.hasTimes ? 26 : 0, gap: 6, space: 76, values: timeLabels },
      },
      {
        ...{
          stroke: paint.ink2,
          font: FONT(12),
          ticks: { show: false },
          grid: { stroke: paint.grid, width: 1 },
        },
        ...{ size: options.axisWidth, gap: 8, space: 34 },
        incrs: INCREMENTS,
        values: (_u, values) => values.map((value) => String(value).replace('-', '\u2212')),
      },
    ],
    series: [
      {},
      hidden,
      hidden,
      { stroke: paint.mean, width: isDense ? 1.25 : 1.75, points: { show: false }, spanGaps: false },
      ...(data().second
        ? [{ stroke: paint.second, width: 1.5, dash: [8, 3], points: { show: false }, spanGaps: true }]
        : []),
    ],
    bands: [{ series: [1, 2], fill: paint.band }],
    hooks: {
      drawClear: [(u) => drawBelow(u, data())],
      draw: [(u) => drawAbove(u, data())],
      setCursor: [(u) => options.onPoint?.(u.cursor.idx ?? undefined)],
      setSelect: [
        (u) => {
          const { left, width } = u.select;
          if (width < LEAST_SELECTION) return;
          options.onSelect?.(u.posToVal(left, 'x') * 1000, u.posToVal(left + width, 'x') * 1000);
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** Draws into `host`; colours are those of the theme at this moment. */
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
