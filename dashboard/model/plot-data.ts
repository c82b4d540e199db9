// What a plot draws: columns, limits, alert spans, other lines, the forecast and the learned band.

import type { ForecastPoint } from './outlook.ts';
import type { Range } from './plot-range.ts';
import type { Limit } from './rules.ts';
import type { Columns } from './windows.ts';

/** Epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

/** The mean of another device or metric. */
export interface Line {
  readonly label: string;
  readonly columns: Columns;
  readonly unit?: string;
  /** Its range, if the line has its own scale on the right. */
  readonly range?: Range;
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
  readonly lines: readonly Line[];
  /** The forecast for the next hour, while the value is expected to cross a limit. */
  readonly forecast?: readonly ForecastPoint[];
  readonly band?: Band | undefined;
}

/** The learned normal range, and the limit that is watched. */
export interface Band {
  readonly low: number;
  readonly high: number;
  readonly side: 'above' | 'below';
  readonly limit: number;
}
