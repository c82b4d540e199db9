// Folds the usual lines of an archive into windows, and passes every other line to the caller.

import { loadKernel, openKernel, type Kernel, type KernelOptions } from './kernel.ts';
import {
  deviceIdOf,
  readingsOf,
  startOf,
  windowAt,
  windowsFrom,
  type FastReading,
  type FastWindow,
  type KernelMemory,
  type Place,
} from './kernel-memory.ts';
import { createLineCutter, INPUT_BYTES, type LineTaker } from './line-cutter.ts';

export type { FastReading, FastWindow, Place };

/** A line that the kernel does not read, such as one with a text value, an escape or several readings. */
export interface OtherLine {
  /** Without its line feed, valid during the call only; the first KiB of a line over 1 MiB. */
  readonly bytes: Uint8Array;
  readonly isTooLong: boolean;
  /** The first line is 1, and empty ones count. */
  readonly number: number;
  /** Greater than the order of every reading before this line, and at most that of every reading after it. */
  readonly order: number;
}

export interface FoldLinesOptions extends KernelOptions {
  /** Called in the order of lines, as soon as the line is complete. Empty lines are skipped. */
  readonly onOther: (line: OtherLine) => void;
}

export interface FoldedLines {
  /** Number of lines that the kernel read: each is one accepted reading, also if it repeats another one. */
  readonly lines: number;
  /** Position in the order in which windows were opened; comparable with the orders of lines and readings. */
  readonly windows: readonly Place[];
  /** Epoch milliseconds. */
  startOf(window: Place): number;
  deviceIdOf(window: Place): string;
  windowAt(window: Place): FastWindow;
  /** The window's distinct readings in the order in which they came. */
  readingsOf(window: Place): FastReading[];
}

const RETURN = 0x0d;

/**
 * Folds lines ended by line feeds, however they are cut into chunks. Memory grows with the distinct readings, not with the
 * lines. Rejects as `chunks` do, and with a RangeError when the distinct readings take more than 4 GiB.
 */
export async function foldLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: FoldLinesOptions,
): Promise<FoldedLines> {
  const kernel = openKernel(await loadKernel(), options, INPUT_BYTES);
  const cutter = createLineCutter(takerFor(kernel, options.onOther));
  for await (const chunk of chunks) cutter.add(chunk);
  cutter.end();
  return folded(kernel);
}

function takerFor(kernel: Kernel, onOther: FoldLinesOptions['onOther']): LineTaker {
  let others = 0;

  function handOver(bytes: Uint8Array, isTooLong: boolean): void {
    onOther({ bytes, isTooLong, number: others + kernel.taken(), order: kernel.nextOrder() });
  }

  return {
    input: () => kernel.input(),
    takeLines: (at, end) => kernel.takeLines(at, end),
    take(line) {
      others += 1;
      const isEmpty = line.length === 0 || (line.length === 1 && line[0] === RETURN);
      if (!isEmpty) handOver(line, false);
    },
    takeTooLong(start) {
      others += 1;
      handOver(start, true);
    },
  };
}

function folded(kernel: Kernel): FoldedLines {
  const memory: KernelMemory = kernel.memory();
  return {
    lines: kernel.taken(),
    windows: windowsFrom(memory, kernel.firstWindow()),
    startOf: (window) => startOf(memory, window),
    deviceIdOf: (window) => deviceIdOf(memory, window),
    windowAt: (window) => windowAt(memory, window),
    readingsOf: (window) => readingsOf(memory, window),
  };
}
