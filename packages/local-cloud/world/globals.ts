// Replaces the globals that tell the time or give randomness, in a process that runs worlds and nothing else.

import { webcrypto } from 'node:crypto';
import { later, outside, world } from './runtime.ts';

const RealDate = Date;

class VirtualDate extends RealDate {
  constructor(...given: unknown[]) {
    super(...((given.length === 0 ? [world.now()] : given) as [number]));
  }
  static override now(): number {
    return world.now();
  }
}
/** Without `new`, Date gives a text. */
const callableDate = new Proxy(VirtualDate, { apply: () => new VirtualDate().toString() });

class VirtualTimer {
  cancel: () => void = () => {};
  readonly #arm: () => void;
  constructor(arm: (timer: VirtualTimer) => void) {
    this.#arm = () => arm(this);
    this.#arm();
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  refresh(): this {
    this.cancel();
    this.#arm();
    return this;
  }
  close(): this {
    this.cancel();
    return this;
  }
  [Symbol.dispose](): void {
    this.cancel();
  }
}

type Run = (...given: unknown[]) => void;
/** Node makes a millisecond of anything less. */
const atLeast = (ms: unknown) => Math.max(1, Number(ms) || 0);
const cancelTimer = (timer: unknown) => {
  if (timer instanceof VirtualTimer) timer.cancel();
};

export const timers = {
  setTimeout: (run: Run, ms?: number, ...given: unknown[]) =>
    new VirtualTimer((timer) => {
      timer.cancel = later(atLeast(ms), () => run(...given));
    }),
  setInterval: (run: Run, ms?: number, ...given: unknown[]) =>
    new VirtualTimer(function arm(timer) {
      timer.cancel = later(atLeast(ms), () => {
        arm(timer);
        run(...given);
      });
    }),
  setImmediate: (run: Run, ...given: unknown[]) =>
    new VirtualTimer((timer) => {
      timer.cancel = later(0, () => run(...given));
    }),
  clearTimeout: cancelTimer,
  clearInterval: cancelTimer,
  clearImmediate: cancelTimer,
};

const WORD = 2 ** 32;
const WORD_BYTES = 4;
const UUID_BYTES = 16;

export function seededBytes(size: number): Buffer {
  const ids = world.ids();
  const bytes = Buffer.alloc(Math.ceil(size / WORD_BYTES) * WORD_BYTES);
  for (let at = 0; at < size; at += WORD_BYTES) bytes.writeUInt32LE(Math.floor(ids.next() * WORD), at);
  return bytes.subarray(0, size);
}

/** https://www.rfc-editor.org/rfc/rfc9562#section-5.4 */
export function seededUuid(): `${string}-${string}-${string}-${string}-${string}` {
  const bytes = seededBytes(UUID_BYTES);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Keys and signatures are made by the system's threads, which the clock waits for. */
function waitForSubtle(): void {
  const prototype = Object.getPrototypeOf(webcrypto.subtle) as Record<string, unknown>;
  for (const name of ['generateKey', 'importKey', 'exportKey', 'sign', 'verify', 'digest', 'deriveBits']) {
    const real = prototype[name] as (...given: unknown[]) => Promise<unknown>;
    prototype[name] = function subtle(this: unknown, ...given: unknown[]) {
      return outside(real.apply(this, given));
    };
  }
}

let isInstalled = false;

/** Once, before anything that reads a clock is imported. */
export function installGlobals(): void {
  if (isInstalled) return;
  isInstalled = true;
  Object.assign(globalThis, timers, { Date: callableDate });
  performance.now = () => world.elapsed();
  Math.random = () => world.random().next();
  Object.assign(webcrypto, {});
  Object.defineProperty(webcrypto, 'randomUUID', { value: seededUuid });
  waitForSubtle();
}
