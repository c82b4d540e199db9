// Starts parts of the AWS port on a free port, in a temporary folder, for the tests of this room and its neighbours.

import { createAwsServer, type AwsServer } from '../../aws/server.ts';
import type { AwsHandler } from '../../aws/wire.ts';
import type { Fields, Log } from '../../log.ts';

/** What every SDK client needs to talk to the local cloud. */
export const clientOptions = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
});

/** For the AWS CLI: nothing of the machine's own configuration. */
export const cliEnvironment = (endpoint: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_PAGER: '',
});

export interface RecordingLog extends Log {
  readonly lines: { level: string; message: string; fields: Fields | undefined }[];
}

export function createRecordingLog(): RecordingLog {
  const lines: RecordingLog['lines'] = [];
  const record = (level: string) => (message: string, fields?: Fields) =>
    void lines.push({ level, message, fields });
  return { lines, info: record('info'), warn: record('warn'), error: record('error') };
}

export function serve(services: Record<string, AwsHandler>, log: Log): Promise<AwsServer> {
  return createAwsServer({ host: '127.0.0.1', port: 0, services, log, count: () => {} });
}
