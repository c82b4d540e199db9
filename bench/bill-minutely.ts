// The cost of the functions that run every minute: the sweep and the hourly rollup.

import { assumed, type Fleet } from './bill-assumptions.ts';
import { HOURS, KB, units, type Line, type Prices } from './bill-parts.ts';

/** The sweep reads all devices every minute. An eventually consistent read takes one unit per 8 KB. */
export function sweepLines({ devices }: Fleet, { lambda, dynamodb }: Prices): Line[] {
  const sweeps = HOURS * 60;
  const seconds = (sweeps * assumed.sweepMs) / 1000;
  const time = seconds * assumed.sweepMemoryGB * lambda.gbSecondArm64;
  const reads = sweeps * Math.max(0.5, (devices * assumed.deviceBytes) / (8 * KB));
  return [
    {
      service: 'Lambda',
      what: 'sweeps',
      dollars: (sweeps / 1e6) * lambda.requestMillion + time,
      kind: 'fixed',
    },
    {
      service: 'DynamoDB',
      what: 'devices read by sweeps',
      dollars: (reads / 1e6) * dynamodb.readMillion,
      kind: 'fixed',
    },
  ];
}

/** The rollup folds finished hours every minute, and reads the newest windows of a large fleet. */
export function rollupLines(fleet: Fleet, { lambda, dynamodb }: Prices): Line[] {
  const { devices, rate, windowSeconds } = fleet;
  const [runs, hours] = [HOURS * 60, devices * HOURS];
  const windows = Math.min(3600 / windowSeconds, Math.max(1, rate * 3600));
  // A consistent read takes one unit per 4 KB; the query for late readings takes half a unit.
  const folding = hours * (Math.max(1, (windows * assumed.windowBytes) / (4 * KB)) + 0.5);
  const isKept = devices > assumed.keptFleet;
  const looking = isKept ? runs * devices * 0.5 : 0;
  const scanning = runs * Math.max(0.5, (devices * assumed.deviceBytes) / (8 * KB));
  const writes =
    hours * units(assumed.hourBytes, 1) +
    (isKept ? runs * units(devices * assumed.fleetBytesPerDevice, 1) : 0);
  const ms = runs * (assumed.rollupMs + (isKept ? devices * assumed.lookUpMs : 0)) + hours * assumed.foldMs;
  const line = (service: string, what: string, dollars: number): Line => ({
    ...{ service, what, dollars, kind: 'fixed' },
  });
  return [
    line(
      'Lambda',
      'hourly rollup, newest windows',
      (runs / 1e6) * lambda.requestMillion + (ms / 1000) * assumed.rollupMemoryGB * lambda.gbSecondArm64,
    ),
    line('DynamoDB', 'windows read for hours', (folding / 1e6) * dynamodb.readMillion),
    line('DynamoDB', 'devices and newest windows read', ((looking + scanning) / 1e6) * dynamodb.readMillion),
    line('DynamoDB', 'hours written', (writes / 1e6) * dynamodb.writeMillion),
  ];
}
