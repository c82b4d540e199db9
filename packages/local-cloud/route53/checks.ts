// Operations on health checks: describe them and the observations of each checker, and invert or disable them for a drill.

import { readBody } from '../aws/body.ts';
import { parseXml, textOf, type XmlElements } from '../aws/xml.ts';
import { AwsError } from '../aws-error.ts';
import type { Checker, Observation } from '../dns/health.ts';
import { answerXml, checkOf, pageOf, type Call } from './call.ts';
import { checkXml } from './xml.ts';

const LARGEST_BODY = 65_536;

export function listHealthChecks(call: Call): void {
  const { page, limit, next } = pageOf(call, [...call.live.checks().values()], ({ id }) => id);
  answerXml(call, 'ListHealthChecksResponse', {
    HealthChecks: { HealthCheck: page.map(checkXml) },
    Marker: call.query.get('marker') ?? undefined,
    ...{ IsTruncated: next !== undefined, NextMarker: next, MaxItems: limit },
  });
}

export function getHealthCheckCount(call: Call): void {
  answerXml(call, 'GetHealthCheckCountResponse', { HealthCheckCount: call.live.checks().size });
}

export function getHealthCheck(call: Call): void {
  answerXml(call, 'GetHealthCheckResponse', { HealthCheck: checkXml(checkOf(call)) });
}

function observationsOf(
  checkers: readonly Checker[],
  lastOf: (checker: Checker) => Observation | undefined,
): XmlElements {
  const seen = checkers.flatMap((checker) => {
    const last = lastOf(checker);
    if (!last) return [];
    const report = { Status: last.text, CheckedTime: new Date(last.at).toISOString() };
    return [{ Region: checker.region, IPAddress: checker.address, StatusReport: report }];
  });
  return { HealthCheckObservations: { HealthCheckObservation: seen } };
}

/** @throws AwsError InvalidInput for a calculated check, as on AWS. */
function checkersOf(call: Call): readonly Checker[] {
  const { id, config } = checkOf(call);
  if (config.kind === 'endpoint') return call.checkers.of(id);
  throw new AwsError('InvalidInput', 'A calculated health check has no checkers of its own');
}

export function getHealthCheckStatus(call: Call): void {
  answerXml(
    call,
    'GetHealthCheckStatusResponse',
    observationsOf(checkersOf(call), ({ last }) => last),
  );
}

export function getHealthCheckLastFailureReason(call: Call): void {
  const observations = observationsOf(checkersOf(call), ({ lastFailure }) => lastFailure);
  answerXml(call, 'GetHealthCheckLastFailureReasonResponse', observations);
}

/** The fields that can be changed here; all others are in the template. */
const SWITCHES = new Set(['Inverted', 'Disabled', 'HealthCheckVersion']);

function readSwitch(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new AwsError('InvalidInput', `${text} is neither true nor false`);
}

export async function updateHealthCheck(call: Call): Promise<void> {
  const { id } = checkOf(call);
  const root = parseXml((await readBody(call.req, LARGEST_BODY)).toString('utf8'));
  const other = root.children.find(({ name }) => !SWITCHES.has(name));
  if (other)
    throw new AwsError(
      'InvalidInput',
      `The local cloud changes Inverted and Disabled only: ${other.name} is in the template`,
    );
  const [inverted, disabled] = ['Inverted', 'Disabled'].map((name) => readSwitch(textOf(root, name)));
  await call.live.changeCheck(id, {
    ...(inverted !== undefined && { inverted }),
    ...(disabled !== undefined && { disabled }),
  });
  call.checkers.replace(call.live.checks());
  answerXml(call, 'UpdateHealthCheckResponse', { HealthCheck: checkXml(checkOf(call)) });
}
