// The health checkers: several for each check, each with a beat of its own, none of which knows of the others.

import type { Clock } from '../clock.ts';
import { checkHealth, newChecker, observed, type Checker } from './health.ts';
import type { HealthCheck } from './model.ts';
import type { Verdict } from './probe.ts';

/** Of each region. Route 53 has more; what matters is that one alone decides nothing. */
const PER_REGION = 2;

export interface Checkers {
  of(id: string): readonly Checker[];
  /** For what the API changed of a check. */
  replace(checks: ReadonlyMap<string, HealthCheck>): void;
  close(): void;
}

export interface CheckersOptions {
  readonly checks: ReadonlyMap<string, HealthCheck>;
  /** Undefined for what must not be asked, which then counts as never seen. */
  readonly probe: (check: HealthCheck) => Promise<Verdict> | undefined;
  /** Called when a check becomes healthy or unhealthy, with the reason. */
  readonly onChange: (check: HealthCheck, health: { isHealthy: boolean; why: string }) => void;
  readonly clock: Clock;
  /** From 0 to below 1: spreads the checkers over an interval. */
  readonly random: () => number;
}

/** TEST-NET-2 (RFC 5737), so that nobody takes them for real ones. */
const addressOf = (index: number) => `198.51.100.${index + 1}`;

export function startCheckers({ checks: given, probe, onChange, clock, random }: CheckersOptions): Checkers {
  let checks = given;
  let isClosed = false;
  const byCheck = new Map<string, Checker[]>();
  const last = new Map<string, boolean>();
  const cancels = new Set<() => void>();
  const known = () => ({ checks, checkersOf: (id: string) => byCheck.get(id) ?? [] });

  /** Calculated checks change with those that they look at. */
  const tellChanges = () => {
    for (const check of checks.values()) {
      const health = checkHealth(check.id, known());
      const before = last.get(check.id);
      last.set(check.id, health.isHealthy);
      if (before !== undefined && before !== health.isHealthy) onChange(check, health);
    }
  };

  const after = (ms: number, run: () => void) => {
    const cancel = clock.after(ms, () => {
      cancels.delete(cancel);
      run();
    });
    cancels.add(cancel);
  };

  function beat(id: string, index: number): void {
    if (isClosed) return;
    const check = checks.get(id)!;
    if (check.config.kind !== 'endpoint') return;
    const { threshold, intervalSeconds } = check.config;
    after(intervalSeconds * 1_000, () => beat(id, index));
    const asked = check.disabled ? undefined : probe(check);
    void asked?.then(({ isSuccess, text }) => {
      const all = byCheck.get(id)!;
      all[index] = observed(all[index]!, { isSuccess, text, at: clock.now() }, threshold);
      if (!isClosed) tellChanges();
    });
  }

  let made = 0;
  for (const { id, config } of checks.values()) {
    if (config.kind !== 'endpoint') continue;
    const { regions, intervalSeconds } = config;
    const all = regions.flatMap((region) =>
      Array.from({ length: PER_REGION }, () => newChecker(region, addressOf(made++ % 254))),
    );
    byCheck.set(id, all);
    for (const index of all.keys()) after(random() * intervalSeconds * 1_000, () => beat(id, index));
  }
  tellChanges();

  return {
    of: (id) => byCheck.get(id) ?? [],
    replace(changed) {
      checks = changed;
      tellChanges();
    },
    close() {
      isClosed = true;
      for (const cancel of cancels) cancel();
    },
  };
}
