// Shows the progress of a run: a line that updates itself on a terminal, a line every ten seconds elsewhere, and a summary.

import type { Statistics } from './statistics.ts';

interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Progress {
  /** Updates the line on a terminal; elsewhere writes only every tenth call. */
  show(text: string): void;
  /** Prints a line that stays. */
  say(text: string): void;
}

const CONTROL = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;
/** Messages from a broker or server must not move the cursor. */
const plain = (text: string) => text.replace(CONTROL, ' ');

/** @param renews false for a terminal without line updates, as with `NO_COLOR`. */
export function createProgress(out: Output, renews = true): Progress {
  let open = false;
  let calls = 0;
  const clear = () => (open ? '\r\u001B[2K' : '');
  return {
    show(text) {
      if (out.isTTY && renews) {
        out.write(clear() + plain(text).slice(0, (out.columns || 100) - 1));
        open = true;
      } else {
        if (calls % 10 === 0) out.write(`${plain(text)}\n`);
        calls += 1;
      }
    },
    say(text) {
      out.write(`${clear()}${plain(text)}\n`);
      open = false;
    },
  };
}

const number = new Intl.NumberFormat('en-US');

export function progressLine(
  statistics: Statistics,
  connected: number,
  devices: number,
  rate: number,
): string {
  const { sent, acknowledged, failed, reconnects, lastError } = statistics;
  const parts = [
    `${number.format(connected)}/${number.format(devices)} devices`,
    `${number.format(Math.round(rate))} messages/s`,
    `sent ${number.format(sent)}`,
    `acknowledged ${number.format(acknowledged)}`,
    failed > 0 && `failed ${number.format(failed)}`,
    reconnects > 0 && `reconnects ${number.format(reconnects)}`,
    lastError && `last error: ${lastError}`,
  ];
  return parts.filter(Boolean).join(' · ');
}

const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

export function summaryLines(statistics: Statistics, seconds: number): string[] {
  const { sent, readings, duplicates, acknowledged, failed, reconnects, lastError } = statistics;
  const latency = statistics.latency();
  const lines = [
    `sent ${number.format(sent)} messages with ${number.format(readings)} readings in ${seconds.toFixed(1)} s, ` +
      `${number.format(duplicates)} of them duplicates`,
    `acknowledged ${number.format(acknowledged)}, failed ${number.format(failed)}, reconnects ${number.format(reconnects)}`,
  ];
  if (latency) {
    const { median, p99, highest } = latency;
    lines.push(
      `acknowledged after ${milliseconds(median)} in the median, ${milliseconds(p99)} at the 99th percentile, ` +
        `${milliseconds(highest)} at most`,
    );
  }
  if (lastError) lines.push(`last error: ${lastError}`);
  return lines;
}
