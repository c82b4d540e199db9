// `npm run device -- create`: makes a device's thing, key and certificate, or those of many devices from a table. It continues where an interrupted run stopped.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { DescribeCertificateCommand, type IoTClient } from '@aws-sdk/client-iot';
import { inParallel } from '../core/in-parallel.ts';
import { certificatesOf, shortId, thingExists } from './device-certificates.ts';
import { parseDevices, type DeviceRow } from './device-csv.ts';
import {
  certificateIdOf,
  deviceFiles,
  prepareFolder,
  writeCertificate,
  writeKey,
  type DeviceFiles,
} from './device-files.ts';
import { sayHowToPublish, type Say } from './device-hint.ts';
import { groupsOf } from './device-list.ts';
import { sameCloud, type DeviceOptions } from './device-options.ts';
import { describeError, OnboardingError } from './onboarding-error.ts';
import { makeKeyAndRequest } from './onboarding-key.ts';
import { certify, putIntoService, register, requirePolicy } from './onboarding.ts';
import { createProgress } from './progress.ts';
import type { Target } from './target.ts';

/**
 * AWS IoT allows ten of most calls a second, and a device takes nine calls of about 50 ms. The SDK retries throttled
 * calls.
 */
const DEVICES_AT_ONCE = 4;

interface Created {
  readonly certificateId: string;
  /** False: it existed, and what an earlier run left was finished. */
  readonly isNew: boolean;
}

/** Finishes an earlier run, which has made both files. */
async function resume(client: IoTClient, options: DeviceOptions, files: DeviceFiles): Promise<string> {
  const certificateId = certificateIdOf(files.cert);
  const found = await client
    .send(new DescribeCertificateCommand({ certificateId }))
    .catch((error: unknown) => {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
      throw error;
    });
  const description = found?.certificateDescription;
  if (!description?.certificateArn) {
    throw new OnboardingError(
      `${files.cert} is unknown in this cloud: choose another --out, or remove it together with its key`,
    );
  }
  if (description.status === 'REVOKED') {
    throw new OnboardingError(
      `${files.cert} is revoked: npm run device -- rotate ${options.name} --out ${options.out}${sameCloud(options)} makes another`,
    );
  }
  await register(client, options);
  const { certificateArn } = description;
  await putIntoService(client, { certificateId, certificateArn }, options.name, [options.policy]);
  return certificateId;
}

async function refuseSecondCertificate(client: IoTClient, options: DeviceOptions): Promise<void> {
  const { name, out } = options;
  if (!(await thingExists(client, name))) return;
  const active = (await certificatesOf(client, name)).find(({ status }) => status === 'ACTIVE');
  if (!active) return;
  throw new OnboardingError(
    `${name} already has certificate ${shortId(active.certificateId)}, but not in ${out}: ` +
      `npm run device -- rotate ${name} --out ${out}${sameCloud(options)} makes another`,
  );
}

async function createOne(client: IoTClient, ca: string, options: DeviceOptions): Promise<Created> {
  const { name, policy, out } = options;
  const files = deviceFiles(out, name);
  prepareFolder(out, files, ca);
  if (existsSync(files.cert) && !existsSync(files.key)) {
    throw new OnboardingError(`${files.cert} has no key beside it: remove it, or choose another --out`);
  }
  if (existsSync(files.cert)) return { certificateId: await resume(client, options, files), isNew: false };
  await refuseSecondCertificate(client, options);
  await register(client, options);
  if (!existsSync(files.key)) writeKey(files.key, (await makeKeyAndRequest(name)).keyPem);
  const { certificateId } = await certify(client, name, [policy], {
    keyPem: readFileSync(files.key, 'utf8'),
    keep: ({ certificatePem }) => writeCertificate(files.cert, certificatePem),
  }).catch((error: unknown) => {
    rmSync(files.cert, { force: true }); // it was discarded; the next attempt uses the key
    throw error;
  });
  return { certificateId, isNew: true };
}

/** Makes one device, or with `--from` those of a table. @returns the exit code */
export async function create(target: Target, options: DeviceOptions, say: Say): Promise<number> {
  if (options.from !== undefined) return createFrom(target, options, options.from, say);
  const { name, type, group, policy, out } = options;
  const files = deviceFiles(out, name);
  const client = await target.client();
  const { certificateId, isNew } = await createOne(client, target.ca, options);
  if (isNew) {
    say(`thing        ${name}${type ? `, type ${type}` : ''}${group ? `, group ${group}` : ''}`);
    say(`certificate  ${certificateId}, active, policy ${policy}`);
    say(
      `files        ${files.ca}, ${files.cert}, ${files.key} (the key was made here and has not left this machine)`,
    );
  } else {
    say(`${name} exists already: certificate ${shortId(certificateId)} is active and attached`);
  }
  const [site = group] = group === undefined ? await groupsOf(client, name) : [];
  sayHowToPublish({ url: await target.url(), domains: target.domains }, { name, group: site }, files, say);
  return 0;
}

async function createFrom(target: Target, options: DeviceOptions, from: string, say: Say): Promise<number> {
  const file = from === '-' ? 'standard input' : from;
  const rows = parseDevices(readTable(from, file), file, options);
  const { out, policy } = options;
  const client = await target.client();
  prepareFolder(out, deviceFiles(out, ''), target.ca);
  await requirePolicy(client, policy);
  const progress = process.stdout.isTTY ? createProgress(process.stdout) : undefined;
  const counts = { created: 0, resumed: 0 };
  const failed: { readonly row: DeviceRow; readonly reason: string }[] = [];
  const showProgress = () =>
    progress?.show(
      `${counts.created + counts.resumed + failed.length}/${rows.length} devices${failed.length > 0 ? `, ${failed.length} failed` : ''}`,
    );
  await inParallel(rows, DEVICES_AT_ONCE, async (row) => {
    try {
      const { isNew } = await createOne(client, target.ca, { ...options, ...row });
      counts[isNew ? 'created' : 'resumed'] += 1;
    } catch (error) {
      failed.push({ row, reason: describeError(error) });
    }
    showProgress();
  });
  const parts = [
    `${counts.created} created`,
    ...(counts.resumed > 0 ? [`${counts.resumed} existed already`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
  ];
  const summary = `${rows.length} device${rows.length === 1 ? '' : 's'} from ${file}: ${parts.join(', ')}; keys and certificates are in ${out}`;
  if (progress) progress.say(summary);
  else say(summary);
  if (failed.length === 0) return 0;
  const lines = failed
    .sort((a, b) => a.row.line - b.row.line)
    .map(({ row, reason }) => `${file}:${row.line}: ${row.name}: ${reason}`);
  throw new OnboardingError('run the command again for the failed devices; the others stay unchanged', {
    details: lines,
  });
}

function readTable(from: string, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(from === '-' ? 0 : from));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'there is no such file' : error instanceof TypeError ? 'it is not UTF-8' : message;
    throw new OnboardingError(`${file} cannot be read: ${reason}`, { cause: error });
  }
}
