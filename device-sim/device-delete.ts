// `npm run device -- delete`: deletes a device's certificates, thing, record and key files; what it sent stays.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import {
  DeleteThingCommand,
  DescribeCertificateCommand,
  DetachThingPrincipalCommand,
  paginateListPrincipalThings,
  type IoTClient,
} from '@aws-sdk/client-iot';
import { openApi, type Api } from '../commands/api.ts';
import { certificatesOf, policiesOf, thingExists, type AttachedCertificate } from './device-certificates.ts';
import { certificateIdOf, deviceFiles } from './device-files.ts';
import type { Say } from './device-hint.ts';
import type { DeviceOptions } from './device-options.ts';
import { describeError, OnboardingError } from './onboarding-error.ts';
import { discard, retryWhile } from './onboarding.ts';
import type { Target } from './target.ts';

const MAX_NAMES_ASKED = 10;

/** What the API removed. */
interface Removed {
  readonly isRemoved: boolean;
  readonly ended: readonly string[];
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Asks for confirmation. @throws OnboardingError without a terminal. */
async function isSure({ names = [], out, yes }: DeviceOptions): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new OnboardingError('delete asks for confirmation: without a terminal, add --yes');
  const shown = names.slice(0, MAX_NAMES_ASKED).join(', ');
  const more = names.length > MAX_NAMES_ASKED ? ` and ${names.length - MAX_NAMES_ASKED} more` : '';
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(
      `delete ${shown}${more}: certificates, thing, record and the key files in ${out}? [y/N] `,
    );
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** The device's files in the folder, if they belong to this cloud. */
function filesOf({ out }: DeviceOptions, name: string, ca: string): string[] {
  const files = deviceFiles(out, name);
  const isOurs = existsSync(files.ca) && readFileSync(files.ca, 'utf8') === ca;
  return isOurs
    ? [files.cert, files.key, files.oldCert, files.oldKey].filter((file) => existsSync(file))
    : [];
}

/** Finds a certificate by its file, in case an interrupted run has detached it. */
async function certificateIn(client: IoTClient, file: string): Promise<AttachedCertificate | undefined> {
  try {
    const certificateId = certificateIdOf(file);
    const { certificateDescription: found } = await client.send(
      new DescribeCertificateCommand({ certificateId }),
    );
    const { certificateArn, status = 'unknown' } = found ?? {};
    return certificateArn === undefined ? undefined : { certificateId, certificateArn, status };
  } catch (error) {
    if (error instanceof OnboardingError) return undefined; // not a certificate
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

async function thingsOf(client: IoTClient, principal: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { things } of paginateListPrincipalThings({ client }, { principal }))
    names.push(...(things ?? []));
  return names;
}

/** Deletes what is left of the thing. @returns what was done, in words. */
async function deleteThing(client: IoTClient, name: string, files: readonly string[]): Promise<string[]> {
  const isThere = await thingExists(client, name);
  const attached = isThere ? await certificatesOf(client, name) : [];
  const known = new Set(attached.map(({ certificateId }) => certificateId));
  const fromFiles: AttachedCertificate[] = [];
  for (const file of files.filter((file) => file.endsWith('.cert.pem'))) {
    const found = await certificateIn(client, file);
    if (found && !known.has(found.certificateId)) fromFiles.push(found);
  }
  const done: string[] = [];
  let deleted = 0;
  for (const certificate of [...attached, ...fromFiles]) {
    const { certificateId, certificateArn } = certificate;
    const others = (await thingsOf(client, certificateArn)).filter((other) => other !== name);
    const isAttached = known.has(certificateId);
    if (others.length === 0) {
      const policies = await policiesOf(client, certificateArn);
      await discard(client, certificate, isAttached ? name : undefined, policies);
      deleted += 1;
    } else if (isAttached) {
      await client.send(new DetachThingPrincipalCommand({ thingName: name, principal: certificateArn }));
      done.push(`certificate ${certificateId.slice(0, 12)} detached, as ${others.join(', ')} has it too`);
    }
  }
  if (deleted > 0) done.unshift(counted(deleted, 'certificate'));
  if (!isThere) return done;
  // On AWS, a detachment takes seconds to become visible.
  await retryWhile('InvalidRequestException', () => client.send(new DeleteThingCommand({ thingName: name })));
  return ['thing', ...done];
}

async function deleteDevice(
  { client, api, ca }: { readonly client: IoTClient; readonly api: Api; readonly ca: string },
  options: DeviceOptions,
  name: string,
): Promise<string> {
  const files = filesOf(options, name, ca);
  const done = await deleteThing(client, name, files);
  // Last: a device that is still connected may be recorded until its thing is deleted.
  const { isRemoved, ended } = await api.call<Removed>(['devices', name], { method: 'DELETE' });
  if (isRemoved) done.push('record');
  if (ended.length > 0) done.push(`alerts ended: ${ended.join(', ')}`);
  for (const file of files) rmSync(file, { force: true });
  if (files.length > 0) done.push(`${counted(files.length, 'file')} in ${options.out}`);
  return done.length > 0 ? `deleted  ${name}: ${done.join(', ')}` : `${name}: nothing to delete`;
}

/** @returns the exit code */
export async function remove(target: Target, options: DeviceOptions, say: Say): Promise<number> {
  const { names = [], dataDir, apiUrl } = options;
  const [client, api] = await Promise.all([
    target.client(),
    openApi({ 'data-dir': dataDir, 'api-url': apiUrl }),
  ]);
  if (!(await isSure(options))) {
    say('nothing was deleted');
    return 1;
  }
  const failures: string[] = [];
  for (const name of names) {
    try {
      say(await deleteDevice({ client, api, ca: target.ca }, options, name));
    } catch (error) {
      failures.push(`${name}: ${describeError(error)}`);
    }
  }
  say('Windows, the archive and the history of alerts stay until they expire.');
  if (failures.length === 0) return 0;
  throw new OnboardingError('run the command again: it skips what is deleted already', {
    details: failures,
  });
}
