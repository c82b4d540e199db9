// Runs every hour: parses completed hours of the raw archive into Parquet files, and merges the files of completed days. An event can name any span.

import { tmpdir } from 'node:os';
import { createHandler } from '../adapters/create-handler.ts';
import { readParseBatchEnvironment } from '../adapters/environment.ts';
import { openParsing } from '../adapters/open-parsing.ts';
import { spanIn } from '../core/archive/due-hours.ts';
import { createParseBatch, reportTo } from '../pipeline/parse-batch.ts';
import { createParseHour } from '../pipeline/parse-hour.ts';

const environment = readParseBatchEnvironment(process.env);
const ports = openParsing(environment, tmpdir());

/** Share of the time for work; the rest is for the answer. */
const SHARE = 0.95;

export const handler = createHandler(async (event: unknown, tools, context) => {
  const span = spanIn(event, ports.now());
  const endsAt = ports.now() + context.getRemainingTimeInMillis() * SHARE;
  const parseHour = createParseHour({ ...ports, mapMessage: await ports.openMapping() }, environment);
  const report = await createParseBatch({ ...ports, parseHour })({ span, endsAt });
  reportTo(tools, report);
  return report;
});
