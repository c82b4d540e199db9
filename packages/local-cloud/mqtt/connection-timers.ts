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

/** Shorter pauses than this are saved up. */
const SHORTEST_PAUSE_MS = 100;

export function createTimers(deps: {
  clock: Clock;
  limits: Limits;
  close: (ending: EndingName, detail: string) => void;
  resume: () => void;
  /** True while it is the broker that does not read, so that silence is not the client's fault. */
  isHeld: () => boolean;
  /** Called once, when more goes to the client than IoT Core would send to it. */
  overfed: () => void;
}): ConnectionTimers {
  const { clock, limits, close } = deps;
  let lastSeen = clock.elapsed();
  const publishes = createAllowance(limits.publishesPerSecond, limits.publishBurst, lastSeen);
  const deliveries = createAllowance(limits.publishesPerSecond, limits.publishBurst, lastSeen);
  const bytes = createAllowance(limits.bytesPerSecond, limits.byteBurst, lastSeen);
  let isOverfed = false;
  let isThrottled = false;
  let cancelThrottle = () => {};
  let cancelSilence = clock.after(limits.connectTimeoutMs, () =>
    close('connectionLost', `no CONNECT within ${limits.connectTimeoutMs} ms`),
  );

  const throttle = () => {
    const waitMs = Math.max(publishes.waitMs(), bytes.waitMs());
    if (waitMs === 0) return;
    isThrottled = true;
    cancelThrottle = clock.after(Math.max(SHORTEST_PAUSE_MS, waitMs), () => {
      isThrottled = false;
      deps.resume();
    });
  };

  const checkSilence = (allowedMs: number) => {
    const idle = deps.isHeld() ? 0 : clock.elapsed() - lastSeen;
    if (idle >= allowedMs) close('keepAliveTimeout', `nothing received for ${allowedMs} ms`);
    else cancelSilence = clock.after(allowedMs - idle, () => checkSilence(allowedMs));
  };

  return {
    seen(length, isPublish) {
      lastSeen = clock.elapsed();
      bytes.spend(length, lastSeen);
      if (isPublish) publishes.spend(1, lastSeen);
      throttle();
    },
    sent() {
      if (isOverfed) return;
      deliveries.spend(1, clock.elapsed());
      isOverfed = deliveries.waitMs() > 0;
      if (isOverfed) deps.overfed();
    },
    keepAlive(seconds) {
      cancelSilence();
      checkSilence(seconds * 1500);
    },
    isThrottled: () => isThrottled,
    stop() {
      cancelSilence();
      cancelThrottle();
    },
  };
}
