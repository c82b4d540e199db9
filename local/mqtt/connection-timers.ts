// The times of one connection: CONNECT in time, a sign of life within the keep-alive, and not too many messages a second.

import type { Clock } from '../clock.ts';
import type { Limits } from './limits.ts';
import type { EndingName } from './refusal.ts';

export interface ConnectionTimers {
  /** A packet came. */
  seen(isPublish: boolean): void;
  /** CONNECT came: from now on one and a half times this may pass between packets [MQTT-3.1.2-24]. */
  keepAlive(seconds: number): void;
  /** True while the client has sent all that it may in this second. */
  isThrottled(): boolean;
  stop(): void;
}

export function createTimers(deps: {
  clock: Clock;
  limits: Limits;
  close: (ending: EndingName, detail: string) => void;
  resume: () => void;
  /** True while it is the broker that does not read, so that silence is not the client's fault. */
  isHeld: () => boolean;
}): ConnectionTimers {
  const { clock, limits, close } = deps;
  const { publishesPerSecond: rate } = limits;
  let lastSeen = clock.now();
  let secondBegan = lastSeen;
  let publishes = 0;
  let isThrottled = false;
  let cancelThrottle = () => {};
  let cancelSilence = clock.after(limits.connectTimeoutMs, () =>
    close('connectionLost', `no CONNECT within ${limits.connectTimeoutMs} ms`),
  );

  const throttle = () => {
    isThrottled = true;
    const left = Math.min(Math.max(secondBegan + 1000 - clock.now(), 0), 1000);
    cancelThrottle = clock.after(left, () => {
      isThrottled = false;
      publishes = 0;
      secondBegan = clock.now();
      deps.resume();
    });
  };
  const countPublish = () => {
    const age = clock.now() - secondBegan;
    if (age >= 1000 || age < 0) {
      secondBegan = clock.now();
      publishes = 0;
    }
    publishes += 1;
    if (publishes >= rate) throttle();
  };

  const watch = (allowedMs: number) => {
    const idle = deps.isHeld() ? 0 : Math.max(0, clock.now() - lastSeen);
    if (idle >= allowedMs) close('keepAliveTimeout', `nothing received for ${allowedMs} ms`);
    else cancelSilence = clock.after(allowedMs - idle, () => watch(allowedMs));
  };

  return {
    seen(isPublish) {
      lastSeen = clock.now();
      if (isPublish && Number.isFinite(rate)) countPublish();
    },
    keepAlive(seconds) {
      cancelSilence();
      watch(seconds * 1500);
    },
    isThrottled: () => isThrottled,
    stop() {
      cancelSilence();
      cancelThrottle();
    },
  };
}
