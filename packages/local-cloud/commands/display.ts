// Shows the pipeline at work: one line that renews itself on a terminal, a JSON line now and then in a pipe.

import type { Clock } from '../clock.ts';
import type { Counters } from '../counters.ts';

interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

type Totals = Readonly<Record<string, string>>;

/** Label and counter. */
const defaultTotals: Totals = {
  in: 'mqtt.received',
  invoked: 'lambda.invocations',
  archived: 'objects',
  refused: 'mqtt.refused',
};

const DEFAULT_COLUMNS = 80;

/** Made when a number is first too long: formatters take 20 ms. */
function compact(options: Intl.NumberFormatOptions): Pick<Intl.NumberFormat, 'format'> {
  let made: Intl.NumberFormat | undefined;
  return {
    format(value) {
      made ??= new Intl.NumberFormat('en-US', { notation: 'compact', ...options });
      return made.format(value);
    },
  };
}

/** How the line is put together, the first that fits: numbers up to `exact` as they are, 12345 as 12.3k or 12k. */
const layouts = [
  { separator: ' · ', exact: 9_999, format: compact({ maximumSignificantDigits: 3 }) },
  { separator: ' · ', exact: 9_999, format: compact({}) },
  { separator: '  ', exact: 9_999, format: compact({}) },
  { separator: ' ', exact: 9_999, format: compact({}) },
  { separator: ' ', exact: 999, format: compact({ maximumFractionDigits: 0 }) },
] as const;

/** The rate and the totals in at most `width` columns. Totals that find no room are left out whole: half a number misleads. */
function lineOf(
  rate: number,
  totals: readonly (readonly [label: string, value: number])[],
  width: number,
): string {
  let line = '';
  for (const { separator, exact, format } of layouts) {
    const shown = (value: number) =>
      value <= exact ? String(value) : format.format(value).replace('K', 'k');
    const parts = totals.map(([label, value]) => `${label} ${shown(value)}`);
    line = [`${shown(rate)}/s`, ...parts].join(separator);
    if (line.length <= width) return line;
  }
  return totals.length > 0 ? lineOf(rate, totals.slice(0, -1), width) : line.slice(0, width);
}

export interface Display extends Output {
  stop(): void;
}

/** Whether a terminal may be sent more than text: https://no-color.org, and terminals that know no cursor. */
export const takesEscapes = (env: NodeJS.ProcessEnv): boolean => !env['NO_COLOR'] && env['TERM'] !== 'dumb';

/**
 * On a terminal the totals stand on the last line, and what is logged through `write` goes above it.
 *
 * @param totals the counter of each label, in their order.
 * @param renews false for a terminal on which the totals come as lines, now and then.
 */
export function createDisplay(
  out: Output,
  counters: Counters,
  clock: Clock,
  totals: Totals = defaultTotals,
  renews = true,
): Display {
  const shown = Object.entries(totals);
  const isRenewed = renews && out.isTTY === true;
  const interval = isRenewed ? 1_000 : 30_000;
  let lastMessages = 0;
  let line = '';
  let cancel = () => {};
  let running = true;

  const clear = () => (line && isRenewed ? `\r\u001B[2K` : '');
  const sums = () => Object.fromEntries(shown.map(([label, counter]) => [label, counters.get(counter)]));

  function refresh() {
    const messages = counters.get('mqtt.received');
    const rate = ((messages - lastMessages) * 1_000) / interval;
    if (isRenewed) {
      const before = clear();
      // Short of the last column, where some terminals wrap already.
      line = lineOf(Math.round(rate), Object.entries(sums()), (out.columns || DEFAULT_COLUMNS) - 1);
      out.write(before + line);
    } else if (messages !== lastMessages && out.isTTY) {
      out.write(`${lineOf(Math.round(rate), Object.entries(sums()), Infinity)}\n`);
    } else if (messages !== lastMessages) {
      out.write(
        `${JSON.stringify({ level: 'info', time: new Date(clock.now()).toISOString(), message: 'totals', ...sums() })}\n`,
      );
    }
    lastMessages = messages;
    if (running) cancel = clock.after(interval, refresh);
  }
  cancel = clock.after(interval, refresh);

  return {
    isTTY: out.isTTY ?? false,
    get columns() {
      return out.columns;
    },
    write: (text) => out.write(clear() + text + line),
    stop() {
      running = false;
      cancel();
      out.write(clear());
      line = '';
    },
  };
}
