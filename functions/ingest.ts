// From one message to its windows and the people concerned; every step may be repeated without harm.

import { createHandler } from '../adapters/create-handler.ts';
import { readIngestEnvironment } from '../adapters/environment.ts';
import { openIngestion } from '../adapters/open-ingestion.ts';
import { parseMessage } from '../core/message.ts';

const environment = readIngestEnvironment(process.env);
const ingest = openIngestion(environment, { callsAtOnce: 8 });

export const handler = createHandler(async (event, tools) => {
  const message = parseMessage(event, environment);
  const { deviceId, traceId } = message.context ?? {};
  tools.identify({ deviceId, traceId: traceId ?? 'unknown' });

  const [failed] = await ingest([message], tools);
  if (failed) throw failed.error;
});
