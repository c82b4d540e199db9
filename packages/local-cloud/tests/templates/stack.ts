// Starts a template of this folder as a stranger would: from a copy, with only the files beside it.

import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { systemClock } from '../../clock.ts';
import { createCounters } from '../../counters.ts';
import { createRecordingLog } from '../aws/local-cloud.ts';
import { startStack } from '../../stack.ts';
import { sourceOf } from '../../stack-source.ts';

export const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

export interface Sample {
  readonly folder: string;
  readonly file?: string;
  readonly overrides?: Readonly<Record<string, string>>;
  readonly enforcesIam?: boolean;
  /** Done to the copy before the start, as npm install would. */
  readonly prepare?: (root: string) => void;
}

/** All files below a folder, relative, with slashes. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));

export async function startSample({
  folder,
  file = 'template.yaml',
  overrides = {},
  prepare,
  enforcesIam,
}: Sample) {
  const [root, dataDir] = [temporaryFolder(), temporaryFolder()];
  cpSync(path.join(import.meta.dirname, folder), root, { recursive: true });
  prepare?.(root);
  const counters = createCounters();
  const log = createRecordingLog();
  const stack = await startStack({
    source: sourceOf({ template: path.join(root, file), 'stack-name': 'sample' }),
    ...{ title: 'Sample', startCommand: 'local-cloud start', dnsCommand: 'local-cloud dns' },
    ...{ dataDir, mqttPort: 0, awsPort: 0, webPort: 0, overrides },
    ...{ clock: systemClock, log, counters },
    ...(enforcesIam !== undefined && { enforcesIam }),
  });
  const client = new IoTDataPlaneClient({
    ...{ region: 'us-east-1', endpoint: stack.endpoints.aws, credentials, maxAttempts: 1 },
  });
  return {
    stack,
    dataDir,
    log,
    counters,
    publish: (topic: string, payload: object | string) =>
      client.send(
        new PublishCommand({
          topic,
          qos: 1,
          payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
        }),
      ),
    logOf(logicalId: string): string {
      const file = path.join(dataDir, 'logs', `${logicalId}.log`);
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    },
    /** Keys and contents of what a bucket has. */
    objects(bucket: string): Record<string, string> {
      const at = path.join(dataDir, 's3', bucket);
      return Object.fromEntries(filesBelow(at).map((key) => [key, readFileSync(path.join(at, key), 'utf8')]));
    },
    async stop() {
      client.destroy();
      await stack.stop();
    },
  };
}

export type Running = Awaited<ReturnType<typeof startSample>>;
