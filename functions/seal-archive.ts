// Runs every hour: seals the days of the raw archive that are over. An event can name a day to compare with its seal again.

import { createHandler } from '../adapters/create-handler.ts';
import { openSealing, readSealEnvironment } from '../adapters/open-sealing.ts';
import { sealRequestIn } from '../core/seal/seal-request.ts';
import { createSealArchive, reportSeals } from '../pipeline/seal-archive.ts';

const ports = openSealing(readSealEnvironment(process.env));
const sealArchive = createSealArchive(ports);

/** Share of the time for work; the rest is for the objects that are being read, and the answer. */
const SHARE = 0.85;

export const handler = createHandler(async (event: unknown, tools, context) => {
  const endsAt = ports.now() + context.getRemainingTimeInMillis() * SHARE;
  const report = await sealArchive(sealRequestIn(event, ports.now()), endsAt);
  reportSeals(tools, report);
  return report;
});
