// Loads the kernel of the fold, compiled from assembly/, and opens it for each fold.

import { readFile } from 'node:fs/promises';
import * as layout from './assembly/layout.ts';
import { metricNamesOf, type KernelMemory, type Place } from './kernel-memory.ts';

/** The part of WebAssembly used here, which the types of Node.js do not have. */
declare global {
  namespace WebAssembly {
    interface Memory {
      readonly buffer: ArrayBuffer;
    }
    interface Global {
      readonly value: number;
    }
    const Instance: new (
      module: Module,
      imports: Record<string, Record<string, (place: number) => unknown>>,
    ) => { readonly exports: object };
    function compile(binary: Uint8Array): Promise<Module>;
  }
}

/** The limits of a usual line, and the length of windows. */
export interface KernelOptions {
  /** Windows are aligned to the epoch. */
  readonly windowSeconds: number;
  /** How long a reading's time may be before `receivedAt`, and after it. */
  readonly maxLatenessSeconds: number;
  readonly maxSkewSeconds: number;
  /** Characters of `deviceId`, `site` and `traceId`, and of `id`. */
  readonly maxNameLength: number;
  readonly maxIdLength: number;
  /**
   * Whether all numbers under these names in one line are metrics under the same names, also if the line has an `id`. Called
   * once for each list of names.
   */
  readonly areMetrics: (names: readonly string[]) => boolean;
  /** A line with one of these numbers, within 0.006, is not read. */
  readonly sentinels: readonly number[];
}

export interface Kernel {
  /** The buffer for input, valid until the kernel takes lines; the bytes after the lines must be 0. */
  input(): Uint8Array;
  /** Takes lines of the input from `at` on. @returns where the first line begins that is not usual, or not complete before `end` */
  takeLines(at: number, end: number): number;
  /** Number of lines that it took. */
  taken(): number;
  /** The order that the next reading will have. */
  nextOrder(): number;
  /** The window that was opened first, 0 when there is none. */
  firstWindow(): Place;
  /** Valid until the kernel takes more lines. */
  memory(): KernelMemory;
}

/** The exports of assembly/fold.ts. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly linesTaken: WebAssembly.Global;
  createInput(size: number): Place;
  defineMember(name: Place, length: number, textSlot: number, numberSlot: number): void;
  setLimits(maxLateness: number, maxSkew: number, maxNameLength: number, maxIdLength: number): void;
  setWindowLength(milliseconds: number): void;
  addSentinel(value: number): void;
  takeLines(at: Place, end: Place): Place;
  used(): Place;
  firstWindow(): Place;
}

/** Members that are not metrics, with the slots of their values if those are texts, or numbers. */
const MEMBERS: readonly (readonly [name: string, textSlot: number, numberSlot: number])[] = [
  ['timestamp', layout.NOWHERE, layout.NUMBER_TIMESTAMP],
  ['receivedAt', layout.NOWHERE, layout.NUMBER_RECEIVED_AT],
  ['deviceId', layout.TEXT_DEVICE_ID, layout.NOWHERE],
  ['site', layout.TEXT_SITE, layout.NOWHERE],
  ['clientId', layout.TEXT_CLIENT_ID, layout.NOWHERE],
  ['traceId', layout.TEXT_TRACE_ID, layout.NOWHERE],
  ['id', layout.TEXT_ID, layout.NOWHERE],
];

const FILE = new URL('./kernel.wasm', import.meta.url);

let loaded: Promise<WebAssembly.Module> | undefined;

/** Reads and compiles kernel.wasm, once. */
export function loadKernel(): Promise<WebAssembly.Module> {
  return (loaded ??= readFile(FILE).then((bytes) => WebAssembly.compile(bytes)));
}

/** Opens a kernel for one fold, whose input has room for that many bytes. It throws once it has 4 GiB of distinct readings. */
export function openKernel(module: WebAssembly.Module, options: KernelOptions, inputBytes: number): Kernel {
  const { exports } = new WebAssembly.Instance(module, { arena: { outOfMemory }, shapes: { areMetrics } });
  const kernel = exports as Exports;
  const start = kernel.createInput(inputBytes);
  let memory = viewsOf(kernel.memory);

  /** Memory that has grown is another buffer. */
  function refresh(): void {
    if (memory.view.buffer !== kernel.memory.buffer) memory = viewsOf(kernel.memory);
  }

  function areMetrics(shape: number): boolean {
    refresh();
    return options.areMetrics(metricNamesOf(memory, shape >>> 0));
  }

  kernel.setWindowLength(options.windowSeconds * 1000);
  kernel.setLimits(
    options.maxLatenessSeconds * 1000,
    options.maxSkewSeconds * 1000,
    options.maxNameLength,
    options.maxIdLength,
  );
  for (const value of options.sentinels) kernel.addSentinel(value);
  for (const [name, textSlot, numberSlot] of MEMBERS) {
    const spelled = Buffer.from(`"${name}":`);
    memory.bytes.set(spelled, start);
    kernel.defineMember(start, spelled.length, textSlot, numberSlot);
  }
  refresh();

  return {
    input: () => memory.bytes.subarray(start, start + inputBytes),
    takeLines(at, end) {
      const next = kernel.takeLines(start + at, start + end) >>> 0;
      refresh();
      return next - start;
    },
    taken: () => kernel.linesTaken.value,
    nextOrder: () => kernel.used() >>> 0,
    firstWindow: () => kernel.firstWindow() >>> 0,
    memory: () => memory,
  };
}

function viewsOf({ buffer }: WebAssembly.Memory): KernelMemory {
  return { view: new DataView(buffer), bytes: new Uint8Array(buffer), names: new Map() };
}

function outOfMemory(): never {
  throw new RangeError('the distinct readings take more than 4 GiB: fold fewer files at a time');
}
