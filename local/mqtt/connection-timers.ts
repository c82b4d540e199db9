// The times of one connection: CONNECT in time, a sign of life within the keep-alive, and not too many messages a second.

import type { Clock } from '../clock.ts';
import type { Limits } from './limits.ts';
import type { EndingName } from './refusal.ts';

export interface ConnectionTimers {
  /** A packet came. */
  seen(isPublish: boolean): void;
  /** CONNECT came: from now on one and a half times this may pass between packets [MQTT-3.1.2-24]. */
  keepAlive(seconds: number): void;
  /** True while the client has sent all that it may for now. */
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
  const { publishesPerSecond: rate, publishBurst: burst } = limits;
  let lastSeen = clock.elapsed();
  let allowance = burst;
  let allowanceAt = lastSeen;
  let isThrottled = false;
  let cancelThrottle = () => {};
  let cancelSilence = clock.after(limits.connectTimeoutMs, () =>
    close('connectionLost', `no CONNECT within ${limits.connectTimeoutMs} ms`),
  );

  const throttle = () => {
    isThrottled = true;
    cancelThrottle = clock.after(Math.max(100, 1000 / rate), () => {
      isThrottled = false;
      deps.resume();
    });
  };
  const countPublish = () => {
    const gained = ((lastSeen - allowanceAt) * rate) / 1000;
    allowance = Math.min(burst, allowance + gained) - 1;
    allowanceAt = lastSeen;
    if (allowance < 1) throttle();
  };

  const watch = (allowedMs: number) => {
    const idle = deps.isHeld() ? 0 : clock.elapsed() - lastSeen;
    if (idle >= allowedMs) close('keepAliveTimeout', `nothing received for ${allowedMs} ms`);
    else cancelSilence = clock.after(allowedMs - idle, () => watch(allowedMs));
  };

  return {
    seen(isPublish) {
      lastSeen = clock.elapsed();
      if (isPublish) countPublish();
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
