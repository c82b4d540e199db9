// `npm run device -- provision NAME`: exchanges a claim for a certificate, as a device does on its first connection.

import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { deviceFiles, prepareFolder, writeCertificate, writeKey, type DeviceFiles } from './device-files.ts';
import { sayHowToPublish, type Say } from './device-hint.ts';
import type { DeviceOptions, ProvisionOptions } from './device-options.ts';
import { OnboardingError } from './onboarding-error.ts';
import { openExchange, tryIdentity, type Exchange } from './onboarding-exchange.ts';
import { makeKeyAndRequest } from './onboarding-key.ts';
import type { Target } from './target.ts';

/** How long a newly provisioned certificate may take to work on AWS. */
const ACTIVATION_MS = 15_000;

function readPem(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OnboardingError(
      `--${option} ${file} cannot be read (${code}): npm run device -- claim makes one`,
      {
        cause: error,
      },
    );
  }
}

const textOf = (value: unknown, what: string): string => {
  if (typeof value === 'string' && value !== '') return value;
  throw new OnboardingError(`the answer has no ${what}: is this AWS IoT?`);
};

interface Provisioned {
  readonly thingName: string;
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** The certificate is stored before it is provisioned, so that a device that loses power still has it. */
async function exchangeClaim(
  exchange: Exchange,
  name: string,
  { template, parameters }: ProvisionOptions,
  files: DeviceFiles,
  waiting: string,
): Promise<Provisioned> {
  const { csr } = await makeKeyAndRequest(name, readFileSync(files.key, 'utf8'));
  const issued = await exchange.request('$aws/certificates/create-from-csr/json', {
    certificateSigningRequest: csr,
  });
  rmSync(waiting, { force: true });
  writeCertificate(waiting, textOf(issued['certificatePem'], 'certificatePem'));
  const answer = await exchange.request(`$aws/provisioning-templates/${template}/provision/json`, {
    certificateOwnershipToken: textOf(issued['certificateOwnershipToken'], 'certificateOwnershipToken'),
    parameters: { SerialNumber: name, ...parameters },
  });
  return {
    thingName: textOf(answer['thingName'], 'thingName'),
    configuration: (answer['deviceConfiguration'] ?? {}) as Provisioned['configuration'],
  };
}

/** Whether an earlier run was interrupted after the provisioning. */
async function isProvisioned(url: string, ca: string, name: string, files: DeviceFiles, waiting: string) {
  if (!existsSync(waiting) || !existsSync(files.key)) return false;
  const [certificatePem, keyPem] = [readFileSync(waiting, 'utf8'), readFileSync(files.key, 'utf8')];
  return tryIdentity(url, ca, { clientId: name, certificatePem, keyPem }, 0).then(
    () => true,
    () => false,
  );
}

function sayResult(
  { thingName, configuration }: Provisioned,
  files: DeviceFiles,
  place: Parameters<typeof sayHowToPublish>[0],
  say: Say,
): void {
  say(`thing        ${thingName}, connected once with its own certificate`);
  say(
    `files        ${files.ca}, ${files.cert}, ${files.key} (the key was made here and has not left this machine)`,
  );
  if (Object.keys(configuration).length > 0) say(`configuration  ${JSON.stringify(configuration)}`);
  const { group } = configuration;
  const device = { name: thingName, group: typeof group === 'string' ? group : undefined };
  sayHowToPublish(place, device, files, say);
}

/**
 * Needs no AWS credentials if the endpoint is given. The certificate gets its final file name once the device has
 * connected with it.
 *
 * @throws OnboardingError that names what was refused.
 */
export async function provision(target: Target, options: DeviceOptions, say: Say): Promise<void> {
  const { name, out } = options;
  const settings = options.provision!;
  const files = deviceFiles(out, name);
  const waiting = `${files.cert}.new`;
  const claim = {
    clientId: `claim-${name}`,
    certificatePem: readPem(settings.claimCert, 'claim-cert'),
    keyPem: readPem(settings.claimKey, 'claim-key'),
  };
  if (existsSync(files.cert))
    throw new OnboardingError(`${files.cert} exists: ${name} has a certificate already`);
  const { ca } = target;
  const url = settings.endpoint ?? (await target.url());
  prepareFolder(out, files, ca);
  if (!existsSync(files.key)) writeKey(files.key, (await makeKeyAndRequest(name)).keyPem);
  const exchange = await openExchange(url, ca, claim);
  let provisioned: Provisioned = { thingName: name, configuration: {} };
  try {
    if (!(await isProvisioned(url, ca, name, files, waiting)))
      provisioned = await exchangeClaim(exchange, name, settings, files, waiting);
  } finally {
    await exchange.close();
  }
  const { thingName } = provisioned;
  const [certificatePem, keyPem] = [readFileSync(waiting, 'utf8'), readFileSync(files.key, 'utf8')];
  await tryIdentity(url, ca, { clientId: thingName, certificatePem, keyPem }, ACTIVATION_MS);
  renameSync(waiting, files.cert);
  const { domains } = settings.endpoint === undefined ? target : { domains: [] };
  sayResult(provisioned, files, { url, domains }, say);
}
