// Decides whether a health check is healthy: Route 53's rules for one state from the observations of many checkers.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html

import type { Health } from './choose.ts';
import type { HealthCheck } from './model.ts';

/** An observation of one checker. */
export interface Observation {
  readonly isSuccess: boolean;
  /** In words, such as `HTTP Status Code 200, OK`. */
  readonly text: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface Checker {
  readonly region: string;
  /** The address that it reports; all checkers are this machine. */
  readonly address: string;
  readonly isHealthy: boolean;
  /** Observations in a row that contradict the state. */
  readonly contrary: number;
  readonly last?: Observation;
  readonly lastFailure?: Observation;
}

/** A check is healthy when more than this share of its checkers report success. */
const LEAST_SHARE = 0.18;

/** A new checker counts as healthy. */
export const newChecker = (region: string, address: string): Checker => ({
  ...{ region, address, isHealthy: true, contrary: 0 },
});

/** The state changes after `threshold` observations in a row that contradict it. */
export function observed(checker: Checker, seen: Observation, threshold: number): Checker {
  const contrary = seen.isSuccess === checker.isHealthy ? 0 : checker.contrary + 1;
  const isChanged = contrary >= threshold;
  return {
    ...checker,
    isHealthy: isChanged ? seen.isSuccess : checker.isHealthy,
    contrary: isChanged ? 0 : contrary,
    last: seen,
    ...(!seen.isSuccess && { lastFailure: seen }),
  };
}

/** The checks and the observations of their checkers. */
export interface Known {
  readonly checks: ReadonlyMap<string, HealthCheck>;
  checkersOf(id: string): readonly Checker[];
}

function endpointHealth(checkers: readonly Checker[]): Health {
  const healthy = checkers.filter(({ isHealthy }) => isHealthy).length;
  const seen = checkers.filter(({ last }) => last !== undefined);
  if (seen.length === 0) return { isHealthy: true, why: 'no checker has seen it yet' };
  const failure = checkers.find(({ isHealthy }) => !isHealthy)?.lastFailure;
  const reason = failure ? `, the others see: ${failure.text}` : '';
  return {
    isHealthy: healthy / checkers.length > LEAST_SHARE,
    why: `${healthy} of ${checkers.length} checkers say healthy${reason}`,
  };
}

function calculatedHealth(children: readonly string[], threshold: number, known: Known): Health {
  const healthy = children.filter((id) => checkHealth(id, known).isHealthy).length;
  return {
    isHealthy: healthy >= threshold,
    why: `${healthy} of its ${children.length} checks are healthy, and it needs ${threshold}`,
  };
}

/** The state of one check; a disabled one counts as healthy, and an inverted one is the opposite. */
export function checkHealth(id: string, known: Known): Health {
  const { label, config, inverted, disabled } = known.checks.get(id)!;
  const found = disabled
    ? { isHealthy: true, why: 'it is disabled' }
    : config.kind === 'endpoint'
      ? endpointHealth(known.checkersOf(id))
      : calculatedHealth(config.children, config.threshold, known);
  const isHealthy = found.isHealthy !== inverted;
  const state = isHealthy ? 'healthy' : 'unhealthy';
  return { isHealthy, why: `${label} is ${state}: ${found.why}${inverted ? ', inverted' : ''}` };
}

/** The state of a check where only those of `unhealthy` are known to fail. */
export function assumedHealth(
  id: string,
  checks: ReadonlyMap<string, HealthCheck>,
  unhealthy: ReadonlySet<string>,
): Health {
  const { label, config } = checks.get(id)!;
  if (unhealthy.has(id)) return { isHealthy: false, why: `${label} is unhealthy` };
  if (config.kind === 'endpoint') return { isHealthy: true, why: `${label} is healthy` };
  const healthy = config.children.filter((child) => assumedHealth(child, checks, unhealthy).isHealthy);
  const isHealthy = healthy.length >= config.threshold;
  const why = `${healthy.length} of its ${config.children.length} checks are healthy, and it needs ${config.threshold}`;
  return { isHealthy, why: `${label} is ${isHealthy ? 'healthy' : 'unhealthy'}: ${why}` };
}
