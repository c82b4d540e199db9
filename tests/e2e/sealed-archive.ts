// Readings of a month that is long over, in the archive and in the windows of a running stack, for tests of seals.

import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { clientSettings, type Tidegate } from './tidegate.ts';

const [MINUTE, DAY] = [60_000, 86_400_000];

/** The month before the last one, so that its last day can be sealed at any time of the present one. */
export function monthOver(now: number): { readonly month: string; readonly end: number } {
  const date = new Date(now);
  const end = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1, 1);
  return { month: new Date(end - DAY).toISOString().slice(0, 7), end };
}

export const rawKey = (at: number, name: string) =>
  `raw/${new Date(at).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/')}/${name}`;

const lineAt = (at: number, temperature: number) => ({
  ...{ deviceId: 'cellar-1', site: 'lyon', clientId: 'cellar-1', traceId: `t-${at}`, receivedAt: at + 500 },
  ...{ id: `r-${at}`, timestamp: at, temperature },
});

/** As Firehose and ingest would have left them: an object for each of the last days, and its readings in windows. */
export async function archiveReadings(tidegate: Tidegate, end: number, days = 3): Promise<string[]> {
  const settings = clientSettings(tidegate);
  const { RawBucket: Bucket, IngestFunction: ingest, RollupFunction: rollup } = tidegate.endpoints.outputs;
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const lambda = new LambdaClient(settings);
  const invoke = async (FunctionName: string, event: object) => {
    const { FunctionError, Payload } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
    );
    if (FunctionError !== undefined) throw new Error(Buffer.from(Payload!).toString());
  };
  const keys: string[] = [];
  try {
    for (let day = days; day >= 1; day -= 1) {
      const begin = end - day * DAY;
      const lines = Array.from({ length: 12 }, (_, n) =>
        lineAt(begin + n * 20 * MINUTE, 4 + ((n * 7) % 5) / 10),
      );
      keys.push(rawKey(begin, `day-${day}.ndjson`));
      const Body = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      await s3.send(new PutObjectCommand({ Bucket, Key: keys.at(-1)!, Body }));
      for (const line of lines) await invoke(ingest!, line);
    }
    await invoke(rollup!, {});
    return keys;
  } finally {
    s3.destroy();
    lambda.destroy();
  }
}
