// Sends one message to the ingest function again, and waits for the result.

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
    const answer = JSON.parse(Buffer.from(Payload ?? []).toString() || '{}') as { errorMessage?: string };
    return (answer.errorMessage ?? FunctionError).slice(0, MAX_ERROR_LENGTH);
  };
}
