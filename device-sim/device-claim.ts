// `npm run device -- claim`: makes the certificate that a factory puts on every device, only for exchanging it for the device's own.

import { existsSync, readFileSync } from 'node:fs';
import { UpdateCertificateCommand } from '@aws-sdk/client-iot';
import { certificateIdOf, deviceFiles, prepareFolder, writeCertificate, writeKey } from './device-files.ts';
import type { Say } from './device-hint.ts';
import { sameCloud, type DeviceOptions } from './device-options.ts';
import { OnboardingError } from './onboarding-error.ts';
import { makeKeyAndRequest } from './onboarding-key.ts';
import { certify, requirePolicy } from './onboarding.ts';
import type { Target } from './target.ts';

async function revokeClaim(target: Target, { name, out }: DeviceOptions, say: Say): Promise<void> {
  const { cert } = deviceFiles(out, name);
  if (!existsSync(cert)) throw new OnboardingError(`${cert} is missing: name its folder with --out`);
  const certificateId = certificateIdOf(cert);
  const client = await target.client();
  await client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }));
  say(`revoked  ${certificateId}: no device can be provisioned with it any more`);
}

/** Makes a claim certificate, or with `--revoke` revokes the one in the folder. */
export async function claim(target: Target, options: DeviceOptions, say: Say): Promise<void> {
  const { name, out, policy } = options;
  if (options.revoke) return revokeClaim(target, options, say);
  const files = deviceFiles(out, name);
  prepareFolder(out, files, target.ca);
  if (existsSync(files.cert))
    throw new OnboardingError(`${files.cert} exists already: use it, or choose another --out or name`);
  const client = await target.client();
  await requirePolicy(client, policy);
  if (!existsSync(files.key)) writeKey(files.key, (await makeKeyAndRequest(name)).keyPem);
  const { certificateId } = await certify(client, name, [policy], {
    keyPem: readFileSync(files.key, 'utf8'),
    withoutThing: true,
    keep: ({ certificatePem }) => writeCertificate(files.cert, certificatePem),
  });
  const place = sameCloud(options);
  say(`claim        ${certificateId}, active, policy ${policy}`);
  say(`files        ${files.ca}, ${files.cert}, ${files.key}: for the factory, the same on every device`);
  say('');
  say('each device then runs:');
  say(
    `  npm run device -- provision tg-000042 --claim-cert ${files.cert} --claim-key ${files.key} --out DIR${place}`,
  );
  const given = name === 'claim' ? '' : ` ${name}`;
  say(`if it leaks: npm run device -- claim${given} --revoke --out ${out}${place}`);
}
