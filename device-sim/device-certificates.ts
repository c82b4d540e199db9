// Reads a thing's certificates from the registry.

import {
  DescribeCertificateCommand,
  DescribeThingCommand,
  paginateListAttachedPolicies,
  paginateListThingPrincipals,
  type IoTClient,
} from '@aws-sdk/client-iot';
import { OnboardingError } from './onboarding-error.ts';

export interface AttachedCertificate {
  readonly certificateId: string;
  readonly certificateArn: string;
  readonly status: string;
}

export const shortId = (id: string) => id.slice(0, 12);

/** The certificates attached to a thing; Cognito identities are left out. */
export async function certificatesOf(client: IoTClient, thingName: string): Promise<AttachedCertificate[]> {
  const found: AttachedCertificate[] = [];
  for await (const { principals } of paginateListThingPrincipals({ client }, { thingName })) {
    for (const certificateArn of principals ?? []) {
      const certificateId = /:cert\/([0-9a-f]{64})$/.exec(certificateArn)?.[1];
      if (!certificateId) continue;
      const { certificateDescription } = await client.send(new DescribeCertificateCommand({ certificateId }));
      found.push({ certificateId, certificateArn, status: certificateDescription?.status ?? 'unknown' });
    }
  }
  return found;
}

export async function policiesOf(client: IoTClient, target: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { policies } of paginateListAttachedPolicies({ client }, { target })) {
    for (const { policyName } of policies ?? []) if (policyName) names.push(policyName);
  }
  return names;
}

export async function thingExists(client: IoTClient, thingName: string): Promise<boolean> {
  try {
    await client.send(new DescribeThingCommand({ thingName }));
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return false;
    throw error;
  }
}

/** @throws OnboardingError if there is no such thing. */
export async function requireThing(client: IoTClient, thingName: string): Promise<void> {
  if (await thingExists(client, thingName)) return;
  throw new OnboardingError(`there is no thing ${thingName}: npm run device -- list shows all things`);
}
