// The last ten minutes of a device in a small canvas. It is drawn without a library, so that a thousand of them stay smooth.

import { useEffect, useRef } from 'preact/hooks';
import type { State } from '../model/fleet.ts';
import type { Columns } from '../model/windows.ts';
import { fillHatch, openCanvas, paintOf, type Paint, type Size } from './paint.ts';

export interface SparkData {
  readonly columns: Columns;
  readonly low?: number;
  readonly high?: number;
  readonly state: State;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** The scale: the limits plus an eighth on each side, so that tiles are comparable. Values outside extend it. */
function scaleOf({ columns, low, high }: SparkData): readonly [number, number] {
  const values = [...columns.min, ...columns.max].filter((value) => value !== null);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (low === undefined && high === undefined) {
    const pad = Math.max((most - least) / 4, 0.5);
    return values.length > 0 ? [least - pad, most + pad] : [0, 1];
  }
  const span = low !== undefined && high !== undefined ? high - low : 8;
  const bottom = low ?? high! - span;
  const top = high ?? low! + span;
  const stretch = span / 20;
  return [Math.min(bottom - span / 8, least - stretch), Math.max(top + span / 8, most + stretch)];
}

/** The runs of columns between breaks. */
function runsOf({ mean }: Columns): number[][] {
  const runs: number[][] = [[]];
  for (const [index, value] of mean.entries()) {
    if (value === null) runs.push([]);
    else runs.at(-1)!.push(index);
  }
  return runs.filter((run) => run.length > 0);
}

/** The sheet to draw on, with the scales of both axes. */
type Sheet = NonNullable<ReturnType<typeof sheetOf>>;

function sheetOf(canvas: HTMLCanvasElement, size: Size, data: SparkData) {
  const opened = openCanvas(canvas, size);
  if (!opened) return undefined;
  const { width, height } = opened;
  const { low, high, from, to } = data;
  const [bottom, top] = scaleOf(data);
  const pad = height > 30 ? 12 : 4;
  const x = (seconds: number) => pad + ((seconds * 1000 - from) / (to - from)) * (width - 2 * pad);
  const y = (value: number) => height - ((value - bottom) / (top - bottom)) * height;
  const yHigh = high === undefined ? 0 : Math.max(0, y(high));
  const yLow = low === undefined ? height : Math.min(height, y(low));
  return { ...opened, x, y, yHigh, yLow };
}

function drawChannel({ g, width, height, ratio, yHigh, yLow }: Sheet, paint: Paint): void {
  g.fillStyle = paint.channel;
  g.fillRect(0, yHigh, width, yLow - yHigh);
  fillHatch(g, ratio, paint.hatch, [0, 0, width, yHigh]);
  fillHatch(g, ratio, paint.hatch, [0, yLow, width, height - yLow]);
}

function drawLimits({ g, width, height, yHigh, yLow }: Sheet, paint: Paint): void {
  g.strokeStyle = paint.ink3;
  g.lineWidth = 1;
  g.setLineDash([3, 2]);
  for (const limit of [yHigh, yLow]) {
    if (limit <= 0 || limit >= height) continue;
    g.beginPath();
    g.moveTo(0, Math.round(limit) + 0.5);
    g.lineTo(width, Math.round(limit) + 0.5);
    g.stroke();
  }
  g.setLineDash([]);
}

/** The band from lowest to highest, and the mean over it. */
function drawRun({ g, x, y }: Sheet, columns: Columns, run: readonly number[], paint: Paint): void {
  g.beginPath();
  for (const index of run) g.lineTo(x(columns.x[index]!), y(columns.max[index]!));
  for (const index of run.toReversed()) g.lineTo(x(columns.x[index]!), y(columns.min[index]!));
  g.closePath();
  g.fillStyle = paint.band;
  g.fill();
  g.beginPath();
  for (const index of run) g.lineTo(x(columns.x[index]!), y(columns.mean[index]!));
  g.strokeStyle = paint.mean;
  g.lineWidth = 1.5;
  g.lineJoin = 'round';
  g.stroke();
}

function draw(canvas: HTMLCanvasElement, size: Size, data: SparkData): void {
  const sheet = sheetOf(canvas, size, data);
  if (!sheet) return;
  const { columns, low, high, state } = data;
  const paint = paintOf();
  if (low !== undefined || high !== undefined) drawChannel(sheet, paint);
  if (state !== 'ok') drawLimits(sheet, paint);
  for (const run of runsOf(columns)) drawRun(sheet, columns, run, paint);
  const [lastX, last] = [columns.x.at(-1), columns.mean.at(-1)];
  if (state === 'silent' || lastX === undefined || last == null) return;
  const { g, x, y } = sheet;
  g.fillStyle = state === 'alarm' ? paint.alarm : paint.mean;
  g.beginPath();
  g.arc(x(lastX), y(last), 2.5, 0, 7);
  g.fill();
}

/** Frees the canvas's memory at once instead of when it is garbage-collected. */
function release(canvas: HTMLCanvasElement): void {
  canvas.width = 0;
  canvas.height = 0;
}

const resizedOf = new WeakMap<Element, (size: Size) => void>();
let observer: ResizeObserver | undefined;

/** One observer for all canvases. It reports the first size too, without forcing an extra layout. */
function watchSize(element: Element, resized: (size: Size) => void): () => void {
  observer ??= new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) resizedOf.get(target)?.(contentRect);
  });
  const own = observer;
  resizedOf.set(element, resized);
  own.observe(element);
  return () => {
    resizedOf.delete(element);
    own.unobserve(element);
  };
}

/** @param theme redraws the sparkline when it changes */
export function Sparkline({ data, label, theme }: { data: SparkData; label: string; theme: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useRef<Size | undefined>(undefined);
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    if (size.current) draw(canvas.current!, size.current, data);
  }, [data, theme]);
  useEffect(() => {
    const own = canvas.current!;
    const stop = watchSize(own, (resized) => {
      size.current = resized;
      draw(own, resized, latest.current);
    });
    return () => {
      stop();
      release(own);
    };
  }, []);
  return <canvas ref={canvas} role="img" aria-label={label} />;
}
