// The large plot: channel and hatch, alert spans, named gaps, band, mean line, limits, now. uPlot draws lines and axes.

import uPlot from 'uplot';
import { dayText, durationText, minuteText, monthText, numberText, secondText } from '../model/format.ts';
import type { Range } from '../model/plot-range.ts';
import type { Limit } from '../model/rules.ts';
import type { Columns } from '../model/windows.ts';
import { FONT, haloText, hatchOf, paintOf } from './paint.ts';

/** Epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

export interface PlotData {
  readonly columns: Columns;
  readonly limits: readonly Limit[];
  readonly spans: readonly Span[];
  readonly range: Range;
  readonly unit?: string;
  readonly from: number;
  readonly to: number;
  readonly isLive: boolean;
  /** Of another device or metric, on the same scale. */
  readonly second?: Columns;
}

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

type Sheet = { readonly u: uPlot; readonly data: PlotData; readonly ratio: number };

const HALF_DAY_MS = 12 * 3_600_000;
const DAY_SECONDS = 86_400;
const LEAST_SELECTION = 8;
/** Between labels of the scale: 1, 2 and 5, and no 2.5. */
const INCREMENTS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1e6, 1e9,
];

const xOf = (u: uPlot, at: number) => u.valToPos(at / 1000, 'x', true);
const yOf = (u: uPlot, value: number) => u.valToPos(value, 'y', true);

function clip({ u }: Sheet, draw: (g: CanvasRenderingContext2D) => void): void {
  const { left, top, width, height } = u.bbox;
  const g = u.ctx;
  g.save();
  g.beginPath();
  g.rect(left, top, width, height);
  g.clip();
  draw(g);
  g.restore();
}

function drawChannel({ u, data, ratio }: Sheet, g: CanvasRenderingContext2D): void {
  const { left, top, width, height } = u.bbox;
  const paint = paintOf();
  const high = data.limits.find(({ side }) => side === 'above')?.value;
  const low = data.limits.find(({ side }) => side === 'below')?.value;
  if (high === undefined && low === undefined) return;
  const yHigh = high === undefined ? top : Math.max(top, yOf(u, high));
  const yLow = low === undefined ? top + height : Math.min(top + height, yOf(u, low));
  g.fillStyle = paint.channel;
  g.fillRect(left, yHigh, width, yLow - yHigh);
  g.fillStyle = hatchOf(paint.hatch, ratio, 7);
  g.fillRect(left, top, width, yHigh - top);
  g.fillRect(left, yLow, width, top + height - yLow);
}

function drawSpans({ u, data, ratio }: Sheet, g: CanvasRenderingContext2D): void {
  const { top, height } = u.bbox;
  const paint = paintOf();
  for (const span of data.spans) {
    const [x, width] = [xOf(u, span.from), Math.max(xOf(u, span.to) - xOf(u, span.from), ratio)];
    g.fillStyle = paint.wash;
    g.fillRect(x, top, width, height);
    g.fillStyle = paint.alarm;
    g.fillRect(x, top, width, 3 * ratio);
  }
}

function drawGaps({ u, data, ratio }: Sheet, g: CanvasRenderingContext2D): void {
  const { top, height } = u.bbox;
  const paint = paintOf();
  for (const [from, to] of data.columns.gaps) {
    const [x, end] = [xOf(u, from), xOf(u, to)];
    g.fillStyle = paint.ground;
    g.fillRect(x, top, end - x, height);
    g.strokeStyle = paint.line;
    g.lineWidth = ratio;
    g.setLineDash([2 * ratio, 3 * ratio]);
    for (const edge of [x, end]) {
      g.beginPath();
      g.moveTo(edge, top);
      g.lineTo(edge, top + height);
      g.stroke();
    }
    g.setLineDash([]);
  }
}

function nameGaps({ u, data, ratio }: Sheet, g: CanvasRenderingContext2D): void {
  const { top, height } = u.bbox;
  const paint = paintOf();
  for (const [from, to] of data.columns.gaps) {
    const [x, end] = [xOf(u, Math.max(from, data.from)), xOf(u, Math.min(to, data.to))];
    const text = `not measured ${durationText(to - from)}`;
    g.font = FONT(12 * ratio);
    const isWide = end - x > g.measureText(text).width + 16 * ratio;
    if (end - x < 14 * ratio || (!isWide && height < 140 * ratio)) continue;
    g.save();
    g.translate((x + end) / 2, top + height - (isWide ? 14 : 10) * ratio);
    if (!isWide) g.rotate(-Math.PI / 2);
    g.textAlign = isWide ? 'center' : 'left';
    g.textBaseline = 'middle';
    haloText(g, text, [0, 0], { color: paint.ink2, halo: paint.ground, ratio });
    g.restore();
  }
}

function drawLimits({ u, data, ratio }: Sheet, g: CanvasRenderingContext2D): void {
  const { left, top, width, height } = u.bbox;
  const paint = paintOf();
  for (const { value, side, ruleId } of data.limits) {
    const y = Math.round(yOf(u, value)) + 0.5;
    if (y < top || y > top + height) continue;
    g.strokeStyle = paint.ink2;
    g.lineWidth = ratio;
    g.setLineDash([6 * ratio, 3 * ratio]);
    g.beginPath();
    g.moveTo(left, y);
    g.lineTo(left + width, y);
    g.stroke();
    g.setLineDash([]);
    g.font = FONT(12 * ratio);
    g.textAlign = 'left';
    const isOver = side === 'above' || y + 18 * ratio > top + height;
    g.textBaseline = isOver ? 'bottom' : 'top';
    const text = `${numberText(value, data.unit, true)}${data.unit ? ` ${data.unit}` : ''}, ${ruleId}`;
    const at = y + (isOver ? -3 : 3) * ratio;
    haloText(g, text, [left + 8 * ratio, at], { color: paint.ink2, halo: paint.paper, ratio });
  }
}

function nameSpans({ u, data, ratio }: Sheet, g: CanvasRenderingContext2D): void {
  const { left, top } = u.bbox;
  const paint = paintOf();
  for (const { from, label } of data.spans) {
    g.font = FONT(12 * ratio, 600);
    const width = g.measureText(label).width;
    const x = xOf(u, from);
    const before = x - width - 8 * ratio;
    g.textAlign = 'left';
    g.textBaseline = 'top';
    const at = before > left ? before : Math.max(x, left) + 6 * ratio;
    haloText(g, label, [at, top + 8 * ratio], { color: paint.alarm, halo: paint.paper, ratio });
  }
}

function drawNow({ u, data, ratio }: Sheet, g: CanvasRenderingContext2D): void {
  const { columns, isLive } = data;
  const [x, mean] = [columns.x.at(-1), columns.mean.at(-1)];
  if (!isLive || x === undefined || mean == null) return;
  const paint = paintOf();
  g.fillStyle = paint.mean;
  g.beginPath();
  g.arc(u.valToPos(x, 'x', true), yOf(u, mean), 4 * ratio, 0, 7);
  g.fill();
  g.strokeStyle = paint.paper;
  g.lineWidth = 1.5 * ratio;
  g.stroke();
}

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
  const sheet = (u: uPlot): Sheet => ({ u, data: data(), ratio: devicePixelRatio || 1 });
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
      drawClear: [
        (u) =>
          clip(sheet(u), (g) => {
            drawChannel(sheet(u), g);
            drawSpans(sheet(u), g);
            drawGaps(sheet(u), g);
          }),
      ],
      draw: [
        (u) =>
          clip(sheet(u), (g) => {
            drawLimits(sheet(u), g);
            nameSpans(sheet(u), g);
            nameGaps(sheet(u), g);
            drawNow(sheet(u), g);
          }),
      ],
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
