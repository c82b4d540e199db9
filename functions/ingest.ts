// Ingests one message. Every step is safe to repeat.

import { createHandler } from '../adapters/create-handler.ts';
import { readIngestEnvironment } from '../adapters/environment.ts';
import { openIngest } from '../adapters/open-ingest.ts';
import { parseMessage } from '../core/message.ts';
import type { TelemetryEvent } from '../core/rule-event.ts';
import { createIngest } from '../pipeline/ingest.ts';
import { createMapping } from '../core/map-message.ts';
import { createTimeBudget } from '../pipeline/time-budget.ts';

const environment = readIngestEnvironment(process.env);
const ports = openIngest(environment);
const { now } = ports;
const mapMessage = createMapping(ports);
const ingest = createIngest(ports, { ...environment, callsAtOnce: 8 });

export const handler = createHandler(async (event: TelemetryEvent, tools, context) => {
  const budget = createTimeBudget({ endsAt: now() + context.getRemainingTimeInMillis(), now });
  const message = parseMessage(event, environment, await mapMessage(event));
  const { deviceId, traceId } = message.context ?? {};
  tools.identify({ deviceId, traceId: traceId ?? 'unknown' });

  const [failed] = await ingest([message], tools, budget);
  if (failed) throw failed.error;
});
