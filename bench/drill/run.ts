// One drill: a fleet sends, a region is killed, DNS switches, the fleet follows, and the region returns.

import { NAME, makeRegions, startDns, type Dns, type Region } from './regions.ts';
import { makeFleet, type Member } from './fleet.ts';
import { judge, readEvidence, type Judgement } from './judge.ts';
import type { DrillOptions } from './options.ts';
import type { DrillReport } from './report.ts';
import { askCname } from './resolver.ts';

type Progress = (text: string) => void;

const SEND_MS = 1_000;
const POLL_MS = 200;
/** Messages of each device before the kill, and after all devices are with the other region. */
const CALM_MS = 6_000;
/** Three failed checks at two per minute, plus the longest time to live. */
const MOVE_LIMIT_MS = 300_000;
const DRAIN_LIMIT_MS = 120_000;
const SETTLE_LIMIT_MS = 240_000;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const secondsSince = (start: number, at = performance.now()) => (at - start) / 1_000;

async function until(
  what: string,
  limitMs: number,
  holds: () => boolean | Promise<boolean>,
  members: readonly Member[] = [],
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      const reason = members.map((member) => member.lastError()).find(Boolean);
      const seen = reason === undefined ? '' : `; a device says: ${reason}`;
      throw new Error(`${what} did not happen within ${limitMs / 1_000} s${seen}`);
    }
    await pause(POLL_MS);
  }
}

const leadsTo = (dns: Dns, region: Region) => async () =>
  (await askCname(dns.port, NAME).catch(() => undefined))?.target === region.iotEndpoint;

const isWith = (region: Region, { connections }: Member) => connections.at(-1)?.region === region.name;

/** From the kill of the first region until every device is with the second. */
async function failOver(
  first: Region,
  second: Region,
  dns: Dns,
  members: readonly Member[],
  progress: Progress,
) {
  const { ttlMs } = await askCname(dns.port, NAME);
  await first.stack.kill();
  const diedAt = performance.now();
  progress(`${first.name} is killed`);
  await until(`the move of ${NAME}`, MOVE_LIMIT_MS, leadsTo(dns, second));
  const noticed = secondsSince(diedAt);
  progress(`the checks noticed after ${noticed.toFixed(1)} s: ${NAME} leads to ${second.name}`);
  const areMoved = () => members.every((member) => isWith(second, member));
  await until('the move of all devices', MOVE_LIMIT_MS, areMoved, members);
  progress(`every device is with ${second.name} after ${secondsSince(diedAt).toFixed(1)} s`);
  const devices = members.map(({ device, connections }) => {
    const back = connections.find(({ region, at }) => region === second.name && at > diedAt)!;
    return { name: device.name, backAfter: secondsSince(diedAt, back.at), heldBack: back.waiting };
  });
  return { ttlSeconds: ttlMs / 1_000, noticed, devices };
}

/** A stop writes what is still buffered for the archive; retries and the last windows follow. */
async function settle(
  regions: readonly Region[],
  members: readonly Member[],
  progress: Progress,
): Promise<Judgement> {
  const acknowledged = new Set(members.flatMap(({ device }) => [...device.acknowledged]));
  for (const { stack } of regions) {
    await stack.stop();
    await stack.start();
  }
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const judgement = judge(await Promise.all(regions.map(readEvidence)), acknowledged);
    const left = judgement.lost.length + judgement.findings.length;
    if (left === 0 || performance.now() > deadline) return judgement;
    progress(`${left} left, such as ${judgement.findings[0] ?? judgement.lost[0]}`);
    await pause(SEND_MS);
  }
}

export async function runDrill(
  { devices: count, overrides }: DrillOptions,
  folder: string,
  progress: Progress,
): Promise<DrillReport> {
  const regions = await makeRegions(folder);
  const [first, second] = regions;
  progress('starting two local clouds');
  await Promise.all(regions.map(({ stack }) => stack.start()));
  const dns = await startDns(folder, regions, overrides);
  progress(`${NAME} is answered at port ${dns.port}; making ${count} devices in both regions`);
  const members = await makeFleet(regions, { port: dns.port, name: NAME }, count);
  const areConnected = () => members.every((member) => isWith(first, member));
  await until(`the connection to ${first.name}`, MOVE_LIMIT_MS, areConnected, members);
  const sending = setInterval(() => members.forEach((member) => member.send()), SEND_MS);
  await pause(CALM_MS);
  const moved = await failOver(first, second, dns, members, progress);
  await pause(CALM_MS);
  await first.stack.start();
  const returnedAt = performance.now();
  progress(`${first.name} is back`);
  await until(`the return of ${NAME}`, MOVE_LIMIT_MS, leadsTo(dns, first));
  const returned = secondsSince(returnedAt);
  progress(`${NAME} leads to ${first.name} again after ${returned.toFixed(1)} s`);
  const stayed = members.filter((member) => isWith(second, member)).length;
  clearInterval(sending);
  await until('the last acknowledgement', DRAIN_LIMIT_MS, () =>
    members.every(({ device }) => device.waiting() === 0),
  );
  const sent = members.reduce((sum, { device }) => sum + device.sent(), 0);
  await Promise.all(members.map(({ device }) => device.end()));
  await dns.stop();
  const judgement = await settle(regions, members, progress);
  for (const { stack } of regions) await stack.stop();
  return { name: NAME, from: first.name, to: second.name, ...moved, returned, stayed, sent, ...judgement };
}
