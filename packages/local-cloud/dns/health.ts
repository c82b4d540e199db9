// When a health check is healthy: the rules by which Route 53 makes one state of what many checkers saw.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html

import type { Health } from './choose.ts';
import type { HealthCheck } from './model.ts';

/** What one checker saw at one time. */
export interface Observation {
  readonly isSuccess: boolean;
  /** In words, such as `HTTP Status Code 200, OK`. */
  readonly text: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface Checker {
  readonly region: string;
  /** Address that it says it comes from; all are this machine. */
  readonly address: string;
  readonly isHealthy: boolean;
  /** Observations in a row that say otherwise. */
  readonly contrary: number;
  readonly last?: Observation;
  readonly lastFailure?: Observation;
}

/** More than this share of the checkers must say healthy. */
const LEAST_SHARE = 0.18;

/** Healthy before it has seen anything. */
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

/** What is known of the checks. */
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
