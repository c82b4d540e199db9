// Shows a value and its limits on a number line.

import { useEffect, useRef } from 'preact/hooks';
import type { State } from '../model/fleet.ts';
import { numberText } from '../model/format.ts';
import { fillHatch, FONT, openCanvas, paintOf } from './paint.ts';

interface StaffData {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  readonly unit?: string;
  readonly state: State;
}

const MIDDLE = 14;

function draw(canvas: HTMLCanvasElement, { value, low, high, unit, state }: StaffData): void {
  const opened = openCanvas(canvas);
  if (!opened || (low === undefined && high === undefined)) return;
  const { g, width, ratio } = opened;
  const paint = paintOf();
  const span =
    low !== undefined && high !== undefined ? high - low : Math.max(Math.abs(value - (high ?? low!)) * 2, 8);
  const [bottom, top] = [low ?? high! - span, high ?? low! + span];
  const least = Math.min(bottom - span / 3, value - span / 8);
  const most = Math.max(top + span / 3, value + span / 8);
  const x = (at: number) => ((at - least) / (most - least)) * width;
  fillHatch(g, ratio, paint.hatch, [0, MIDDLE - 6, width, 12]);
  g.fillStyle = paint.channel;
  g.fillRect(x(bottom), MIDDLE - 6, x(top) - x(bottom), 12);
  g.strokeStyle = paint.ink3;
  g.strokeRect(x(bottom) + 0.5, MIDDLE - 6.5, x(top) - x(bottom), 12);
  g.beginPath();
  g.moveTo(x(value), MIDDLE + 7);
  g.lineTo(x(value) - 6, MIDDLE - 10);
  g.lineTo(x(value) + 6, MIDDLE - 10);
  g.closePath();
  g.fillStyle = state === 'alarm' ? paint.alarm : paint.mean;
  g.strokeStyle = paint.ink2;
  g.lineWidth = 1.5;
  if (state === 'silent') g.stroke();
  else g.fill();
  g.fillStyle = paint.ink2;
  g.font = FONT(12);
  g.textBaseline = 'top';
  g.textAlign = 'center';
  for (const limit of [low, high])
    if (limit !== undefined)
      g.fillText(
        `${numberText(limit, unit, true)}${unit === undefined ? '' : ` ${unit}`}`,
        x(limit),
        MIDDLE + 9,
      );
}

export function Staff(data: StaffData & { theme: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => draw(canvas.current!, data));
  const limits = [data.low, data.high].filter((limit) => limit !== undefined).join(' to ');
  return <canvas ref={canvas} class="staff" role="img" aria-label={`${data.value}, limits ${limits}`} />;
}
