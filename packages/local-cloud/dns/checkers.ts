// The health checkers: several for each health check, each with its own schedule and its own observations.

import type { Clock } from '../clock.ts';
import { checkHealth, newChecker, observed, type Checker } from './health.ts';
import type { HealthCheck } from './model.ts';
import type { Verdict } from './probe.ts';

/** Checkers per region. Route 53 has more; what matters is that one alone decides nothing. */
const PER_REGION = 2;

export interface Checkers {
  of(id: string): readonly Checker[];
  /** Takes over checks that the API changed. */
  replace(checks: ReadonlyMap<string, HealthCheck>): void;
  close(): void;
}

export interface CheckersOptions {
  readonly checks: ReadonlyMap<string, HealthCheck>;
  /** Undefined for an endpoint that must not be probed, which then counts as never seen. */
  readonly probe: (check: HealthCheck) => Promise<Verdict> | undefined;
  /** Called when a check becomes healthy or unhealthy, with the reason. */
  readonly onChange: (check: HealthCheck, health: { isHealthy: boolean; why: string }) => void;
  readonly clock: Clock;
  /** From 0 to below 1: spreads the checkers over an interval. */
  readonly random: () => number;
}

/** Addresses of TEST-NET-2 (RFC 5737), so that nobody takes the checkers for real ones. */
const addressOf = (index: number) => `198.51.100.${index + 1}`;

/** Checkers by the id of their check: several of each region for each endpoint. */
function checkersFor(checks: ReadonlyMap<string, HealthCheck>): Map<string, Checker[]> {
  let made = 0;
  const byCheck = new Map<string, Checker[]>();
  for (const { id, config } of checks.values()) {
    if (config.kind !== 'endpoint') continue;
    const all = config.regions.flatMap((region) =>
      Array.from({ length: PER_REGION }, () => newChecker(region, addressOf(made++ % 254))),
    );
    byCheck.set(id, all);
  }
  return byCheck;
}

/** @returns a function that compares all checks with its last call, and reports those whose health changed */
function createChangeReport(
  byCheck: ReadonlyMap<string, readonly Checker[]>,
  onChange: CheckersOptions['onChange'],
): (checks: ReadonlyMap<string, HealthCheck>) => void {
  const last = new Map<string, boolean>();
  const checkersOf = (id: string) => byCheck.get(id) ?? [];
  return (checks) => {
    // All of them: a calculated check changes with those that it looks at.
    for (const check of checks.values()) {
      const health = checkHealth(check.id, { checks, checkersOf });
      const before = last.get(check.id);
      last.set(check.id, health.isHealthy);
      if (before !== undefined && before !== health.isHealthy) onChange(check, health);
    }
  };
}

/** Timers that can be cancelled together. */
function createTimers(clock: Clock) {
  const cancels = new Set<() => void>();
  return {
    after(ms: number, run: () => void): void {
      const cancel = clock.after(ms, () => {
        cancels.delete(cancel);
        run();
      });
      cancels.add(cancel);
    },
    cancelAll(): void {
      for (const cancel of cancels) cancel();
    },
  };
}

export function startCheckers({ checks: given, probe, onChange, clock, random }: CheckersOptions): Checkers {
  let checks = given;
  let isClosed = false;
  const byCheck = checkersFor(checks);
  const reportChanges = createChangeReport(byCheck, onChange);
  const timers = createTimers(clock);

  function observe(id: string, index: number): void {
    if (isClosed) return;
    const check = checks.get(id)!;
    if (check.config.kind !== 'endpoint') return;
    const { threshold, intervalSeconds } = check.config;
    timers.after(intervalSeconds * 1_000, () => observe(id, index));
    const probed = check.disabled ? undefined : probe(check);
    void probed?.then(({ isSuccess, text }) => {
      const all = byCheck.get(id)!;
      all[index] = observed(all[index]!, { isSuccess, text, at: clock.now() }, threshold);
      if (!isClosed) reportChanges(checks);
    });
  }

  for (const [id, all] of byCheck) {
    const { config } = checks.get(id)!;
    const interval = config.kind === 'endpoint' ? config.intervalSeconds * 1_000 : 0;
    for (const index of all.keys()) timers.after(random() * interval, () => observe(id, index));
  }
  reportChanges(checks);

  return {
    of: (id) => byCheck.get(id) ?? [],
    replace(changed) {
      checks = changed;
      reportChanges(checks);
    },
    close() {
      isClosed = true;
      timers.cancelAll();
    },
  };
}
