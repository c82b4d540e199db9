// Shows running totals: one line that renews itself on a terminal, a JSON line every half minute in a pipe.

import type { Clock } from '../clock.ts';
import type { Counters } from '../counters.ts';

interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

type Sums = readonly (readonly [label: string, value: number])[];
type Totals = Readonly<Record<string, string>>;

/** Label and counter. */
const DEFAULT_TOTALS: Totals = {
  in: 'mqtt.received',
  invoked: 'lambda.invocations',
  archived: 'objects',
  refused: 'mqtt.refused',
};

const DEFAULT_COLUMNS = 80;

/** Creates the formatter when a number is first too long: it takes 20 ms. */
function compact(options: Intl.NumberFormatOptions): Pick<Intl.NumberFormat, 'format'> {
  let made: Intl.NumberFormat | undefined;
  return {
    format(value) {
      made ??= new Intl.NumberFormat('en-US', { notation: 'compact', ...options });
      return made.format(value);
    },
  };
}

/** Forms of the line, of which the first that fits is used. Numbers up to `exact` are shown whole, 12345 as 12.3k or 12k. */
const LAYOUTS = [
  { separator: ' · ', exact: 9_999, format: compact({ maximumSignificantDigits: 3 }) },
  { separator: ' · ', exact: 9_999, format: compact({}) },
  { separator: '  ', exact: 9_999, format: compact({}) },
  { separator: ' ', exact: 9_999, format: compact({}) },
  { separator: ' ', exact: 999, format: compact({ maximumFractionDigits: 0 }) },
] as const;

/** The rate and the totals in at most `width` columns. Totals that do not fit are left out whole: half a number misleads. */
function lineOf(rate: number, totals: Sums, width: number): string {
  let line = '';
  for (const { separator, exact, format } of LAYOUTS) {
    const shown = (value: number) =>
      value <= exact ? String(value) : format.format(value).replace('K', 'k');
    const parts = totals.map(([label, value]) => `${label} ${shown(value)}`);
    line = [`${shown(rate)}/s`, ...parts].join(separator);
    if (line.length <= width) return line;
  }
  return totals.length > 0 ? lineOf(rate, totals.slice(0, -1), width) : line.slice(0, width);
}

function jsonLineOf(sums: Sums, now: number): string {
  const time = new Date(now).toISOString();
  return JSON.stringify({ level: 'info', time, message: 'totals', ...Object.fromEntries(sums) });
}

export interface Display extends Output {
  stop(): void;
}

/** Whether a terminal takes escape sequences: not with NO_COLOR (https://no-color.org), and not a terminal without a cursor. */
export const takesEscapes = (env: NodeJS.ProcessEnv): boolean => !env['NO_COLOR'] && env['TERM'] !== 'dumb';

/** @returns a function that gives the messages received since its last call */
function createMessageCount(counters: Counters): () => number {
  let last = 0;
  return () => {
    const messages = counters.get('mqtt.received');
    const since = messages - last;
    last = messages;
    return since;
  };
}

/** Runs `run` every `ms` milliseconds. @returns a function that ends that */
function repeat(clock: Clock, ms: number, run: () => void): () => void {
  let running = true;
  const again = () => {
    run();
    if (running) cancel = clock.after(ms, again);
  };
  let cancel = clock.after(ms, again);
  return () => {
    running = false;
    cancel();
  };
}

/**
 * On a terminal the totals are on the last line, and what is logged through `write` goes above it.
 *
 * @param totals the counter of each label, in their order.
 * @param renews false for a terminal on which the totals come as lines, every half minute.
 */
export function createDisplay(
  out: Output,
  counters: Counters,
  clock: Clock,
  totals: Totals = DEFAULT_TOTALS,
  renews = true,
): Display {
  const isRenewed = renews && out.isTTY === true;
  const interval = isRenewed ? 1_000 : 30_000;
  const newMessages = createMessageCount(counters);
  let line = '';

  const sums = (): Sums => Object.entries(totals).map(([label, counter]) => [label, counters.get(counter)]);
  const clear = () => (line && isRenewed ? `\r\u001B[2K` : '');
  function show(messages: number): void {
    const rate = Math.round((messages * 1_000) / interval);
    if (isRenewed) {
      const before = clear();
      // Short of the last column, where some terminals wrap already.
      line = lineOf(rate, sums(), (out.columns || DEFAULT_COLUMNS) - 1);
      out.write(before + line);
    } else if (messages > 0) {
      out.write(`${out.isTTY ? lineOf(rate, sums(), Infinity) : jsonLineOf(sums(), clock.now())}\n`);
    }
  }
  const endRefresh = repeat(clock, interval, () => show(newMessages()));

  return {
    isTTY: out.isTTY ?? false,
    get columns() {
      return out.columns;
    },
    write: (text) => out.write(clear() + text + line),
    stop() {
      endRefresh();
      out.write(clear());
      line = '';
    },
  };
}
