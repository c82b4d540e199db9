// The times of one connection: CONNECT in time, a sign of life within the keep-alive, and not too much a second.

import type { Clock } from '../clock.ts';
import type { Limits } from './limits.ts';
import type { EndingName } from './refusal.ts';

export interface ConnectionTimers {
  /** A packet of so many bytes came. */
  seen(bytes: number, isPublish: boolean): void;
  /** A message went to the client. */
  sent(): void;
  /** CONNECT came: from now on one and a half times this may pass between packets [MQTT-3.1.2-24]. */
  keepAlive(seconds: number): void;
  /** True while the client has sent all that it may for now. */
  isThrottled(): boolean;
  stop(): void;
}

/** What may come: `burst` at once from a connection that was quiet before, then `perSecond`. */
function createAllowance(perSecond: number, burst: number, start: number) {
  let left = burst;
  let at = start;
  return {
    spend(amount: number, now: number): void {
      left = Math.min(burst, left + ((now - at) * perSecond) / 1000) - amount;
      at = now;
    },
    /** Milliseconds until there is some left, when no more is spent. */
    waitMs: () => Math.max(0, ((1 - left) * 1000) / perSecond),
  };
}

type Allowance = ReturnType<typeof createAllowance>;

/** Shorter pauses than this are saved up. */
const SHORTEST_PAUSE_MS = 100;

interface TimersDeps {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly close: (ending: EndingName, detail: string) => void;
  readonly resume: () => void;
  /** True while it is the broker that does not read, so that silence is not the client's fault. */
  readonly isHeld: () => boolean;
  /** Called once, when more goes to the client than IoT Core would send to it. */
  readonly overfed: () => void;
}

/** Closes a connection that sends nothing in time; `seen.at` is the time of its last packet. */
function createSilence({ clock, limits, close, isHeld }: TimersDeps, seen: { readonly at: number }) {
  let cancel = clock.after(limits.connectTimeoutMs, () =>
    close('connectionLost', `no CONNECT within ${limits.connectTimeoutMs} ms`),
  );
  const check = (allowedMs: number) => {
    const idle = isHeld() ? 0 : clock.elapsed() - seen.at;
    if (idle >= allowedMs) close('keepAliveTimeout', `nothing received for ${allowedMs} ms`);
    else cancel = clock.after(allowedMs - idle, () => check(allowedMs));
  };
  return {
    keepAlive: (seconds: number) => {
      cancel();
      check(seconds * 1500);
    },
    stop: () => cancel(),
  };
}

/** Pauses the connection until both allowances have something left. */
function createThrottle(
  { clock, resume }: TimersDeps,
  { publishes, bytes }: { publishes: Allowance; bytes: Allowance },
) {
  let isThrottled = false;
  let cancel = () => {};
  return {
    pauseWhenSpent(): void {
      const waitMs = Math.max(publishes.waitMs(), bytes.waitMs());
      if (waitMs === 0) return;
      isThrottled = true;
      cancel = clock.after(Math.max(SHORTEST_PAUSE_MS, waitMs), () => {
        isThrottled = false;
        resume();
      });
    },
    isThrottled: () => isThrottled,
    stop: () => cancel(),
  };
}

export function createTimers(deps: TimersDeps): ConnectionTimers {
  const { clock, limits } = deps;
  const seen = { at: clock.elapsed() };
  const publishes = createAllowance(limits.publishesPerSecond, limits.publishBurst, seen.at);
  const deliveries = createAllowance(limits.publishesPerSecond, limits.publishBurst, seen.at);
  const bytes = createAllowance(limits.bytesPerSecond, limits.byteBurst, seen.at);
  const silence = createSilence(deps, seen);
  const throttle = createThrottle(deps, { publishes, bytes });
  let isOverfed = false;

  return {
    seen(length, isPublish) {
      seen.at = clock.elapsed();
      bytes.spend(length, seen.at);
      if (isPublish) publishes.spend(1, seen.at);
      throttle.pauseWhenSpent();
    },
    sent() {
      if (isOverfed) return;
      deliveries.spend(1, clock.elapsed());
      isOverfed = deliveries.waitMs() > 0;
      if (isOverfed) deps.overfed();
    },
    keepAlive: silence.keepAlive,
    isThrottled: throttle.isThrottled,
    stop() {
      silence.stop();
      throttle.stop();
    },
  };
}
