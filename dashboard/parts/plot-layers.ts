// The layers that the large plot adds: limits, alert spans and gaps below the lines, and their labels above them.

import type uPlot from 'uplot';
import { durationText, numberText } from '../model/format.ts';
import type { Line, PlotData } from '../model/plot-data.ts';
import { FONT, haloText, hatchOf, paintOf } from './paint.ts';

/** Lines differ in their dashes as well as in colour. */
export const LINE_STYLES = [
  { color: 'second', dash: [8, 3] },
  { color: 'third', dash: [2, 3] },
  { color: 'fourth', dash: [10, 3, 2, 3] },
  { color: 'ink2', dash: [1, 4] },
] as const;

/** The name of a line's scale in uPlot. */
export const scaleOf = ({ range }: Line) => (range ? 'other' : 'y');

type Sheet = { readonly u: uPlot; readonly data: PlotData; readonly ratio: number };

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

/** Labels each line at its newest value. Labels that are close are placed below each other. */
function nameLines({ u, data, ratio }: Sheet, g: CanvasRenderingContext2D): void {
  const { left, width } = u.bbox;
  const paint = paintOf();
  const named = data.lines.flatMap((line, index) => {
    const last = line.columns.mean.findLastIndex((value) => value !== null);
    if (last === -1) return [];
    const x = Math.min(u.valToPos(line.columns.x[last]!, 'x', true), left + width);
    const y = u.valToPos(line.columns.mean[last]!, scaleOf(line), true);
    return [{ text: line.label, x, y, color: paint[LINE_STYLES[index]!.color] }];
  });
  let lowest = -Infinity;
  for (const { text, x, y, color } of named.sort((one, other) => one.y - other.y)) {
    g.font = FONT(12 * ratio, 600);
    g.textAlign = 'right';
    g.textBaseline = 'bottom';
    lowest = Math.max(y - 4 * ratio, lowest + 15 * ratio);
    haloText(g, text, [x - 4 * ratio, lowest], { color, halo: paint.paper, ratio });
  }
}

/** Draws the forecast as a fan. */
function drawForecast({ u, data, ratio }: Sheet, g: CanvasRenderingContext2D): void {
  const { forecast = [] } = data;
  if (forecast.length === 0) return;
  const paint = paintOf();
  const path = (points: readonly (readonly [at: number, value: number])[]) => {
    g.beginPath();
    for (const [at, value] of points) g.lineTo(xOf(u, at), yOf(u, value));
  };
  path([
    ...forecast.map(({ at, high }) => [at, high] as const),
    ...forecast.toReversed().map(({ at, low }) => [at, low] as const),
  ]);
  g.globalAlpha = 0.2;
  g.fillStyle = paint.watch;
  g.fill();
  g.globalAlpha = 1;
  path(forecast.map(({ at, value }) => [at, value] as const));
  g.strokeStyle = paint.watch;
  g.lineWidth = 1.5 * ratio;
  g.setLineDash([4 * ratio, 4 * ratio]);
  g.stroke();
  g.setLineDash([]);
}

const LANE_HEIGHT = 5;

/** Draws a lane at the bottom that is darker the further a bucket's mean was from the normal band towards the limit. */
function drawLane({ u, data, ratio }: Sheet, g: CanvasRenderingContext2D): void {
  const { band, columns } = data;
  if (!band) return;
  const edge = band.side === 'above' ? band.high : band.low;
  const { top, height } = u.bbox;
  g.fillStyle = paintOf().watch;
  for (let index = 0; index < columns.x.length; index += 1) {
    const mean = columns.mean[index];
    const score = mean == null ? 0 : (mean - edge) / (band.limit - edge);
    if (!(score > 0)) continue;
    const x = xOf(u, columns.x[index]! * 1000);
    const end = xOf(u, (columns.x[index + 1] ?? columns.x[index]! + 10) * 1000);
    g.globalAlpha = Math.min(1, 0.15 + score);
    g.fillRect(x, top + height - LANE_HEIGHT * ratio, Math.max(ratio, end - x), LANE_HEIGHT * ratio);
  }
  g.globalAlpha = 1;
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

const sheetOf = (u: uPlot, data: PlotData): Sheet => ({ u, data, ratio: devicePixelRatio || 1 });

/** Channel, alert spans and gaps. */
export function drawBelow(u: uPlot, data: PlotData): void {
  const sheet = sheetOf(u, data);
  clip(sheet, (g) => {
    for (const draw of [drawChannel, drawSpans, drawGaps]) draw(sheet, g);
  });
}

/** Limits, the names of spans and gaps, and the last value while the plot is live. */
export function drawAbove(u: uPlot, data: PlotData): void {
  const sheet = sheetOf(u, data);
  clip(sheet, (g) => {
    for (const draw of [drawLane, drawForecast, drawLimits, nameSpans, nameGaps, nameLines, drawNow])
      draw(sheet, g);
  });
}
