// What `npm run device` does to a device's place in the registry: create, list, rotate and revoke, each able to go on where an interrupted one stopped.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import {
  DescribeCertificateCommand,
  paginateListThingGroupsForThing,
  paginateListThings,
  UpdateCertificateCommand,
  type IoTClient,
} from '@aws-sdk/client-iot';
import { allow } from './device-allow.ts';
import { claim } from './device-claim.ts';
import { certificatesOf, policiesOf, requireThing, shortId, thingExists } from './device-certificates.ts';
import {
  certificateIdOf,
  deviceFiles,
  keepAsOld,
  prepareFolder,
  removeOld,
  writeCertificate,
  writeKey,
  type DeviceFiles,
} from './device-files.ts';
import { sayHowToPublish, type Say } from './device-hint.ts';
import { sameCloud, type DeviceOptions } from './device-options.ts';
import { provision } from './device-provision.ts';
import { OnboardingError } from './onboarding-error.ts';
import { makeKeyAndRequest } from './onboarding-key.ts';
import { certify, discard, putIntoService, register } from './onboarding.ts';
import type { Target } from './target.ts';

/** Both files are there: an earlier run made them, whole or in part. */
async function resume(
  client: IoTClient,
  options: DeviceOptions,
  files: DeviceFiles,
  say: Say,
): Promise<void> {
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
      `${files.cert} is a certificate that this cloud does not know: choose another --out, or remove it with its key`,
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
  say(`${options.name} was there already: certificate ${shortId(certificateId)} is active and attached`);
}

async function refuseSecondCertificate(client: IoTClient, options: DeviceOptions): Promise<void> {
  const { name, out } = options;
  if (!(await thingExists(client, name))) return;
  const active = (await certificatesOf(client, name)).find(({ status }) => status === 'ACTIVE');
  if (!active) return;
  throw new OnboardingError(
    `${name} has certificate ${shortId(active.certificateId)} already, but not in ${out}: ` +
      `npm run device -- rotate ${name} --out ${out}${sameCloud(options)} makes another`,
  );
}

async function create(target: Target, options: DeviceOptions, say: Say): Promise<void> {
  const client = await target.client();
  const { name, type, group, policy, out } = options;
  const files = deviceFiles(out, name);
  prepareFolder(out, files, target.ca);
  if (existsSync(files.cert) && !existsSync(files.key)) {
    throw new OnboardingError(`${files.cert} has no key beside it: remove it, or choose another --out`);
  }
  if (existsSync(files.cert)) {
    await resume(client, options, files, say);
    return sayHowToPublish(await target.url(), options, files, say);
  }
  await refuseSecondCertificate(client, options);
  await register(client, options);
  if (!existsSync(files.key)) writeKey(files.key, (await makeKeyAndRequest(name)).keyPem);
  const issued = await certify(client, name, [policy], {
    keyPem: readFileSync(files.key, 'utf8'),
    keep: ({ certificatePem }) => writeCertificate(files.cert, certificatePem),
  }).catch((error: unknown) => {
    rmSync(files.cert, { force: true }); // it was discarded; the key serves the next attempt
    throw error;
  });
  say(`thing        ${name}${type ? `, type ${type}` : ''}${group ? `, group ${group}` : ''}`);
  say(`certificate  ${issued.certificateId}, active, policy ${policy}`);
  say(
    `files        ${files.ca}, ${files.cert}, ${files.key} (the key was made here and has not left this machine)`,
  );
  sayHowToPublish(await target.url(), options, files, say);
}

async function list(target: Target, options: DeviceOptions, say: Say): Promise<void> {
  const client = await target.client();
  let count = 0;
  for await (const { things } of paginateListThings({ client }, {})) {
    for (const { thingName = '', thingTypeName = '-', attributes = {} } of things ?? []) {
      const groups: string[] = [];
      for await (const page of paginateListThingGroupsForThing({ client }, { thingName })) {
        groups.push(...(page.thingGroups ?? []).map(({ groupName = '' }) => groupName));
      }
      const certificates = await certificatesOf(client, thingName);
      const pairs = Object.entries(attributes).map(([name, value]) => `${name}=${value}`);
      const states = certificates.map(({ certificateId, status }) => `${shortId(certificateId)} ${status}`);
      say(
        [
          thingName,
          thingTypeName,
          groups.join(',') || '-',
          pairs.join(' ') || '-',
          states.join(', ') || 'no certificate',
        ].join('  '),
      );
      count += 1;
    }
  }
  if (count === 0) say(`no things: npm run device -- create NAME${sameCloud(options)} makes one`);
}

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

/** Keeps the certificate that lies in the folder; the thing's others are deactivated, detached and deleted. */
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
    throw new OnboardingError(`${files.cert} is no active certificate of ${name}: nothing was retired`);
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

/** Runs one command, reporting through `say`. @throws OnboardingError, or the AWS SDK's errors. */
export function runCommand(target: Target, options: DeviceOptions, say: Say): Promise<void> {
  const commands = {
    create,
    list,
    rotate: options.retireOld ? retireOld : rotate,
    revoke,
    claim,
    allow,
    provision,
  };
  return commands[options.command](target, options, say);
}
