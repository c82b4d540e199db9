// Shows the pipeline at work: one line that renews itself on a terminal, a JSON line now and then in a pipe.
import type { Clock } from '../clock.ts';
import type { Counters } from '../counters.ts';

interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

type Totals = Readonly<Record<string, string>>;

/** Label and counter. */
const defaultTotals: Totals = {
  'messages in': 'mqtt.received',
  'functions invoked': 'lambda.invocations',
  'objects archived': 'objects',
  refused: 'mqtt.refused',
};

const number = new Intl.NumberFormat('en-US');

export interface Display extends Output {
  stop(): void;
}

/**
 * On a terminal the totals stand on the last line, and what is logged through `write` goes above it.
 *
 * @param totals the counter of each label, in their order.
 */
export function createDisplay(
  out: Output,
  counters: Counters,
  clock: Clock,
  totals: Totals = defaultTotals,
): Display {
  const shown = Object.entries(totals);
  const interval = out.isTTY ? 1_000 : 30_000;
  let lastMessages = 0;
  let line = '';
  let cancel = () => {};
  let running = true;

  const clear = () => (line && out.isTTY ? `\r\u001B[2K` : '');
  const sums = () => Object.fromEntries(shown.map(([label, counter]) => [label, counters.get(counter)]));

  function refresh() {
    const messages = counters.get('mqtt.received');
    const rate = ((messages - lastMessages) * 1_000) / interval;
    if (out.isTTY) {
      const parts = shown.map(([label, counter]) => `${label} ${number.format(counters.get(counter))}`);
      const next = [`${number.format(Math.round(rate))}/s`, ...parts]
        .join(' · ')
        .slice(0, (out.columns ?? 120) - 1);
      const before = clear();
      line = next;
      out.write(before + line);
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
    write: (text) => out.write(clear() + text + line),
    stop() {
      running = false;
      cancel();
      out.write(clear());
      line = '';
    },
  };
}
