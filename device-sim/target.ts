// Where devices connect to, and where they are registered: the local cloud as its endpoints file tells, or AWS.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import type { IoTClient } from '@aws-sdk/client-iot';
import { amazonRootsIn } from '../core/amazon-roots.ts';
import { findStack, notRunning, START_FIRST } from '../commands/running-stack.ts';
import { describeError, OnboardingError } from './onboarding-error.ts';

export interface Target {
  /** What devices must trust, PEM. */
  readonly ca: string;
  /** What to do when it fails. */
  readonly remedy: string;
  /** What to say when nobody listens there. */
  readonly silence: string;
  /** Where serial numbers are listed; only the local cloud tells. */
  readonly registrations?: { readonly endpoint: string; readonly table: string | undefined };
  /** The MQTT broker, `mqtts://host:port`. @throws OnboardingError when AWS does not tell. */
  url(): Promise<string>;
  /** Names of its own that the local broker has a certificate for. */
  readonly domains: readonly string[];
  /** The AWS IoT API. The SDK is loaded at the first call: a fleet whose devices exist does without it. */
  client(): Promise<IoTClient>;
  close(): void;
}

/** One client for all calls, made when it is first needed. */
function lazyClient(endpoint: string | undefined): Pick<Target, 'client' | 'close'> {
  let client: Promise<IoTClient> | undefined;
  const load = async () => (await import('./onboarding.ts')).createIotClient({ endpoint });
  return {
    client: () => (client ??= load()),
    close: () => void client?.then((made) => made.destroy()),
  };
}

/** @throws OnboardingError when no local cloud has run with this data directory. */
function localTarget(dataDir: string): Target {
  const found = findStack(dataDir);
  if ('problem' in found) throw new OnboardingError(found.problem);
  const { mqtt, mqttDomains: domains, aws, ca, outputs } = found;
  return {
    ca: readCa(path.resolve(dataDir, ca)),
    remedy: START_FIRST,
    silence: notRunning(dataDir),
    url: async () => mqtt,
    domains,
    registrations: { endpoint: aws, table: outputs['RegistrationsTable'] },
    ...lazyClient(aws),
  };
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new OnboardingError(`${file} cannot be read (${(error as Error).message}): run npm start again`, {
      cause: error,
    });
  }
}

function amazonRoots(): string {
  try {
    return amazonRootsIn(rootCertificates);
  } catch (error) {
    throw new OnboardingError((error as Error).message, { cause: error });
  }
}

function awsTarget(): Target {
  const api = lazyClient(undefined);
  const remedy =
    'check the AWS credentials and region, and that the stack is deployed; for the local cloud add --local';
  return {
    ca: amazonRoots(),
    remedy,
    silence: `AWS IoT does not answer: ${remedy}`,
    async url() {
      try {
        const { DescribeEndpointCommand } = await import('@aws-sdk/client-iot');
        const client = await api.client();
        const found = await client.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
        return `mqtts://${found.endpointAddress}:8883`;
      } catch (error) {
        throw new OnboardingError(`AWS IoT does not answer: ${describeError(error)}: ${remedy}`, {
          cause: error,
        });
      }
    },
    domains: [],
    ...api,
  };
}

/**
 * The local cloud of `dataDir`, or the account and region of the ordinary AWS configuration.
 *
 * @throws OnboardingError when no local cloud has run in `dataDir`.
 */
export const openTarget = (options: { local: boolean; dataDir: string }): Target =>
  options.local ? localTarget(options.dataDir) : awsTarget();
