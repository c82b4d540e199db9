// Gives one message to the ingest function once more, and waits for what becomes of it.

import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { IngestAgain } from '../pipeline/api-ports.ts';
import { jsonText } from './json-text.ts';

const MAX_ERROR_LENGTH = 400;

export function createIngestAgain({
  client,
  functionName: FunctionName,
}: {
  readonly client: Pick<LambdaClient, 'send'>;
  readonly functionName: string;
}): IngestAgain {
  return async (event) => {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName, Payload: Buffer.from(jsonText(event)) }),
    );
    if (FunctionError === undefined) return undefined;
    const said = JSON.parse(Buffer.from(Payload ?? []).toString() || '{}') as { errorMessage?: string };
    return (said.errorMessage ?? FunctionError).slice(0, MAX_ERROR_LENGTH);
  };
}
