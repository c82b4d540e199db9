// The commands of `npm run device`: rotate and revoke are here, the others in their own files. Each continues where an interrupted run stopped.

import { existsSync } from 'node:fs';
import { UpdateCertificateCommand } from '@aws-sdk/client-iot';
import { allow } from './device-allow.ts';
import { claim } from './device-claim.ts';
import { certificatesOf, policiesOf, requireThing } from './device-certificates.ts';
import {
  certificateIdOf,
  deviceFiles,
  keepAsOld,
  prepareFolder,
  removeOld,
  writeCertificate,
  writeKey,
} from './device-files.ts';
import { create } from './device-create.ts';
import { remove } from './device-delete.ts';
import type { Say } from './device-hint.ts';
import { list } from './device-list.ts';
import { sameCloud, type DeviceOptions } from './device-options.ts';
import { provision } from './device-provision.ts';
import { OnboardingError } from './onboarding-error.ts';
import { certify, discard } from './onboarding.ts';
import type { Target } from './target.ts';

async function rotate(target: Target, options: DeviceOptions, say: Say): Promise<void> {
  const client = await target.client();
  const { name, out, policy } = options;
  const files = deviceFiles(out, name);
  await requireThing(client, name);
  const certificates = await certificatesOf(client, name);
  const active = certificates.filter(({ status }) => status === 'ACTIVE');
  if (active.length > 1 || existsSync(files.oldKey)) {
    throw new OnboardingError(
      `${name} is in the middle of a rotation: finish it with npm run device -- rotate ${name} --retire-old --out ${out}${sameCloud(options)}`,
    );
  }
  prepareFolder(out, files, target.ca);
  const policies = active[0] ? await policiesOf(client, active[0].certificateArn) : [];
  const issued = await certify(client, name, policies.length > 0 ? policies : [policy]);
  keepAsOld(files);
  writeKey(files.key, issued.keyPem);
  writeCertificate(files.cert, issued.certificatePem);
  say(`certificate  ${issued.certificateId}, active: ${files.cert}, ${files.key}`);
  if (!active[0]) return;
  say(
    `old          ${active[0].certificateId}, still active${existsSync(files.oldCert) ? `: ${files.oldCert}, ${files.oldKey}` : ''}`,
  );
  say('');
  say(
    `once the device connects with the new one: npm run device -- rotate ${name} --retire-old --out ${out}${sameCloud(options)}`,
  );
}

/** Keeps the certificate in the folder, and deactivates, detaches and deletes the thing's other certificates. */
async function retireOld(target: Target, { name, out }: DeviceOptions, say: Say): Promise<void> {
  const client = await target.client();
  const files = deviceFiles(out, name);
  await requireThing(client, name);
  const certificates = await certificatesOf(client, name);
  if (!existsSync(files.cert)) {
    throw new OnboardingError(
      `${files.cert} is missing, so which certificate to keep is unknown: name its folder with --out`,
    );
  }
  const kept = certificateIdOf(files.cert);
  if (!certificates.some(({ certificateId, status }) => certificateId === kept && status === 'ACTIVE')) {
    throw new OnboardingError(`${files.cert} is not an active certificate of ${name}: nothing was retired`);
  }
  const others = certificates.filter(({ certificateId }) => certificateId !== kept);
  for (const certificate of others) {
    await discard(client, certificate, name, await policiesOf(client, certificate.certificateArn));
    say(`retired  ${certificate.certificateId}: deactivated, detached, deleted`);
  }
  removeOld(files);
  say(`kept     ${kept}${others.length === 0 ? '; there was no other' : ''}`);
}

async function revoke(target: Target, { name }: DeviceOptions, say: Say): Promise<void> {
  const client = await target.client();
  await requireThing(client, name);
  const certificates = await certificatesOf(client, name);
  if (certificates.length === 0) throw new OnboardingError(`${name} has no certificate`);
  for (const { certificateId } of certificates) {
    await client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }));
    say(`revoked  ${certificateId}`);
  }
}

/** Runs one command, printing with `say`, and gives the exit code. @throws OnboardingError, or the AWS SDK's errors. */
export async function runCommand(target: Target, options: DeviceOptions, say: Say): Promise<number> {
  const commands = {
    create,
    delete: remove,
    list,
    rotate: options.retireOld ? retireOld : rotate,
    revoke,
    claim,
    allow,
    provision,
  };
  return (await commands[options.command](target, options, say)) ?? 0;
}
