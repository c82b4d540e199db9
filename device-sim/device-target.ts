// Where `npm run device` works: the local cloud by its endpoints file, or the AWS account the user has configured.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { DescribeEndpointCommand, type IoTClient } from '@aws-sdk/client-iot';
import { OnboardingError } from './onboarding-error.ts';
import { createIotClient } from './onboarding.ts';

export interface DeviceTarget {
  readonly client: IoTClient;
  /** Host and port of the MQTT broker. */
  mqtt(): Promise<{ host: string; port: string }>;
  /** What devices must trust, PEM. */
  readonly caPem: string;
}

/** @throws OnboardingError when no local cloud has run with this data directory. */
function localTarget(dataDir: string): DeviceTarget {
  const file = path.join(dataDir, 'endpoints.json');
  const remedy = 'run npm start first, or name the folder of the running one with --data-dir';
  if (!existsSync(file)) throw new OnboardingError(`no local cloud in ${dataDir}: ${remedy}`);
  try {
    const { mqtt, aws, ca } = JSON.parse(readFileSync(file, 'utf8')) as {
      mqtt: string;
      aws: string;
      ca: string;
    };
    const { hostname, port } = new URL(mqtt);
    return {
      client: createIotClient({ endpoint: new URL(aws).href }),
      mqtt: async () => ({ host: hostname.replace(/^\[|\]$/g, ''), port }),
      caPem: readFileSync(path.resolve(dataDir, ca), 'utf8'),
    };
  } catch (error) {
    throw new OnboardingError(`${file} cannot be used (${(error as Error).message}): run npm start again`, {
      cause: error,
    });
  }
}

/** AWS IoT Core's ATS endpoints are signed under these; devices should trust both. */
const amazonRoots = ['Amazon Root CA 1', 'Amazon Root CA 3'];

function amazonRootsPem(): string {
  return amazonRoots
    .map((name) => {
      const found = rootCertificates.find((pem) => new X509Certificate(pem).subject.endsWith(`CN=${name}`));
      if (!found)
        throw new OnboardingError(`this Node.js does not carry ${name}: use another version of Node.js`);
      return `${found.trim()}\n`;
    })
    .join('');
}

function awsTarget(): DeviceTarget {
  const client = createIotClient({});
  return {
    client,
    async mqtt() {
      const { endpointAddress } = await client.send(
        new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }),
      );
      return { host: endpointAddress!, port: '8883' };
    },
    caPem: amazonRootsPem(),
  };
}

export const openTarget = (options: { local: boolean; dataDir: string }): DeviceTarget =>
  options.local ? localTarget(options.dataDir) : awsTarget();
