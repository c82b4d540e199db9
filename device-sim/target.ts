// The cloud in which devices are registered and to which they connect: the local cloud, from its endpoints file, or AWS.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import type { IoTClient } from '@aws-sdk/client-iot';
import { amazonRootsIn } from '../core/amazon-roots.ts';
import { findStack, notRunning, START_FIRST } from '../commands/running-stack.ts';
import { describeError, OnboardingError } from './onboarding-error.ts';

export interface Target {
  /** The CA that devices must trust, PEM. */
  readonly ca: string;
  /** How to fix a failure. */
  readonly remedy: string;
  /** The error message if nothing listens there. */
  readonly noAnswer: string;
  /** The table of serial numbers; known only for the local cloud. */
  readonly registrations?: { readonly endpoint: string; readonly table: string | undefined };
  /** The MQTT broker, `mqtts://host:port`. @throws OnboardingError if AWS does not answer. */
  url(): Promise<string>;
  /** Domain names for which the local broker has a certificate. */
  readonly domains: readonly string[];
  /** The AWS IoT API. The SDK is loaded at the first call; a fleet of existing devices does not need it. */
  client(): Promise<IoTClient>;
  close(): void;
}

/** One client for all calls, created when it is first needed. */
function lazyClient(endpoint: string | undefined): Pick<Target, 'client' | 'close'> {
  let client: Promise<IoTClient> | undefined;
  const load = async () => (await import('./onboarding.ts')).createIotClient({ endpoint });
  return {
    client: () => (client ??= load()),
    close: () => void client?.then((made) => made.destroy()),
  };
}

/** @throws OnboardingError if no local cloud has run with this data directory. */
function localTarget(dataDir: string): Target {
  const found = findStack(dataDir);
  if ('problem' in found) throw new OnboardingError(found.problem);
  const { mqtt, mqttDomains: domains, aws, ca, outputs } = found;
  return {
    ca: readCa(path.resolve(dataDir, ca)),
    remedy: START_FIRST,
    noAnswer: notRunning(dataDir),
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
    noAnswer: `AWS IoT does not answer: ${remedy}`,
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
 * @throws OnboardingError if no local cloud has run in `dataDir`.
 */
export const openTarget = (options: { local: boolean; dataDir: string }): Target =>
  options.local ? localTarget(options.dataDir) : awsTarget();
