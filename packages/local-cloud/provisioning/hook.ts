// Calls the pre-provisioning hook, a function of the template, which decides whether a device may be provisioned.
// https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';

/** Calls the local Lambda. */
export type Invoke = (
  functionName: string,
  payload: string,
) => Promise<{ readonly payload: string; readonly functionError?: string }>;

export interface HookEvent {
  readonly claimCertificateId: string;
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly templateArn: string;
  readonly clientId: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const HOOK_MS = 5_000;

const denied = (reason: string) => new AwsError('AccessDenied', reason, 403);

/** Rejects after five seconds, AWS's limit for a hook. */
function inTime<T>(clock: Clock, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(HOOK_MS, () =>
      reject(denied('the pre-provisioning hook took over 5 seconds')),
    );
    work.then(resolve, reject).finally(cancel);
  });
}

function parse(payload: string): Readonly<Record<string, unknown>> {
  const parsed = JSON.parse(payload) as unknown;
  return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
}

function overridesOf(value: unknown): [string, string][] {
  if (value === undefined || value === null) return [];
  const entries = typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : undefined;
  if (entries?.every((entry): entry is [string, string] => typeof entry[1] === 'string')) return entries;
  throw denied('the pre-provisioning hook answered parameterOverrides that are not an object of texts');
}

/**
 * The parameters that the hook adds or changes.
 *
 * @throws AwsError AccessDenied when the hook refuses, fails, takes too long or gives an invalid answer.
 */
export async function askHook(
  invoke: Invoke,
  clock: Clock,
  targetArn: string,
  event: HookEvent,
): Promise<[string, string][]> {
  const { payload, functionError } = await inTime(clock, invoke(targetArn, JSON.stringify(event)));
  if (functionError) throw denied(`the pre-provisioning hook failed: ${payload.slice(0, 500)}`);
  const { allowProvisioning, parameterOverrides } = parse(payload);
  if (allowProvisioning !== true && allowProvisioning !== 'true')
    throw denied('the pre-provisioning hook did not allow it: its log says why');
  return overridesOf(parameterOverrides);
}
