// The cost of the parsed archive: the hourly function, its S3 requests, and storage.

import { assumed, type Fleet } from './bill-assumptions.ts';
import { GB, HOURS, SECONDS, type Line, type Prices } from './bill-parts.ts';

const DAYS = HOURS / 24;
/** The listings and progress writes of each run. */
const LISTINGS = 26;
const PROGRESS_WRITES = 5;

export function parsingLines({ devices, rate }: Fleet, { lambda, s3 }: Prices): Line[] {
  const readings = devices * rate * SECONDS;
  const sites = Math.max(1, devices / assumed.devicesPerSite);
  const seconds = HOURS * assumed.parseRunSeconds + (readings * assumed.parseMicroseconds) / 1e6;
  // Each hour has a file per site. Each day of a site is listed, read and written once more.
  const writes = HOURS * (LISTINGS + PROGRESS_WRITES + sites) + DAYS * sites * 3;
  const reads = HOURS * LISTINGS + DAYS * sites * 24 + SECONDS / 300;
  const stored = readings * assumed.parsedBytes;
  const line = (service: string, what: string, dollars: number, kind: Line['kind']): Line => ({
    ...{ service, what, dollars, kind },
  });
  return [
    line(
      'Lambda',
      'parsing of the archive',
      (HOURS / 1e6) * lambda.requestMillion + seconds * assumed.parseMemoryGB * lambda.gbSecondArm64,
      'fixed',
    ),
    line(
      'S3',
      'requests of the parsed archive',
      (writes / 1000) * s3.putThousand + (reads / 1000) * s3.getThousand,
      'fixed',
    ),
    line('S3', "a month's parsed archive, stored for a month", (stored / GB) * s3.storageGBMonth, 'storage'),
  ];
}
