// The part of AWS IoT's registry that adding a device uses: things, and certificates for signing requests.

import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  DetachThingPrincipalCommand,
  InvalidRequestException,
  ListThingPrincipalsCommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
  UpdateCertificateCommand,
  UpdateThingCommand,
  type IoTClient,
} from '@aws-sdk/client-iot';
import { createThingLookup } from './thing-registry.ts';
import type { Certificate, NewThing, ThingCertificate, ThingRegistry } from '../pipeline/device-ports.ts';

/** A thing has at most ten principals. */
const MAX_PRINCIPALS = 25;

/** Gives undefined if `run` rejects with an error of this kind. */
async function unless<Found>(
  kind: new (...args: never[]) => Error,
  run: Promise<Found>,
): Promise<Found | undefined> {
  try {
    return await run;
  } catch (error) {
    if (error instanceof kind) return undefined;
    throw error;
  }
}

async function describe(client: IoTClient, certificateArn: string): Promise<ThingCertificate | undefined> {
  const certificateId = /:cert\/([0-9a-f]{64})$/.exec(certificateArn)?.[1];
  if (certificateId === undefined) return undefined; // a Cognito identity
  const { certificateDescription: found = {} } = await client.send(
    new DescribeCertificateCommand({ certificateId }),
  );
  const { certificatePem = '', status = 'unknown', creationDate, validity } = found;
  return {
    ...{ certificateId, certificateArn, certificatePem, status },
    createdAt: Number(creationDate),
    expiresAt: Number(validity?.notAfter),
  };
}

async function register(
  client: IoTClient,
  { name, type, group, attributes }: NewThing,
): ReturnType<ThingRegistry['register']> {
  const exists = ResourceAlreadyExistsException;
  if (type !== undefined)
    await unless(exists, client.send(new CreateThingTypeCommand({ thingTypeName: type })));
  await unless(exists, client.send(new CreateThingGroupCommand({ thingGroupName: group })));
  const thing = { thingName: name, thingTypeName: type };
  const made = await unless(
    exists,
    client.send(new CreateThingCommand({ ...thing, attributePayload: { attributes } })),
  );
  if (!made) {
    const { thingTypeName } = await client.send(new DescribeThingCommand({ thingName: name }));
    if (type !== undefined && thingTypeName !== undefined && thingTypeName !== type)
      return { problem: `The thing ${name} exists already, with the type ${thingTypeName}, not ${type}` };
    const attributePayload = { attributes, merge: true };
    await client.send(new UpdateThingCommand({ ...thing, attributePayload }));
  }
  await client.send(new AddThingToThingGroupCommand({ thingName: name, thingGroupName: group }));
  return undefined;
}

async function certificatesOf(
  client: IoTClient,
  thingName: string,
): ReturnType<ThingRegistry['certificatesOf']> {
  const found = await unless(
    ResourceNotFoundException,
    client.send(new ListThingPrincipalsCommand({ thingName, maxResults: MAX_PRINCIPALS })),
  );
  if (!found) return undefined;
  const described = await Promise.all((found.principals ?? []).map(async (arn) => describe(client, arn)));
  return described.filter((each) => each !== undefined);
}

async function issue(
  client: IoTClient,
  certificateSigningRequest: string,
): ReturnType<ThingRegistry['issue']> {
  try {
    const made = await client.send(
      new CreateCertificateFromCsrCommand({ certificateSigningRequest, setAsActive: false }),
    );
    const { certificateId, certificateArn, certificatePem } = made;
    return { certificateId, certificateArn, certificatePem } as Certificate;
  } catch (error) {
    if (error instanceof InvalidRequestException) return { problem: error.message };
    throw error;
  }
}

/** @param policyName of the policy that every device's certificate gets */
export function createThingRegistry(options: {
  readonly client: IoTClient;
  readonly policyName: string;
}): ThingRegistry {
  const { client, policyName } = options;

  return {
    exists: createThingLookup({ client }),

    async attributesOf(thingName) {
      const found = await unless(
        ResourceNotFoundException,
        client.send(new DescribeThingCommand({ thingName })),
      );
      return found && (found.attributes ?? {});
    },

    certificatesOf: async (thingName) => certificatesOf(client, thingName),
    issue: async (request) => issue(client, request),
    register: async (thing) => register(client, thing),

    async putIntoService({ certificateId, certificateArn }, thingName) {
      await client.send(new AttachPolicyCommand({ policyName, target: certificateArn }));
      await client.send(new AttachThingPrincipalCommand({ thingName, principal: certificateArn }));
      await client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
    },

    async discard({ certificateId, certificateArn }, thingName) {
      await client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
      await unless(
        ResourceNotFoundException,
        client.send(new DetachThingPrincipalCommand({ thingName, principal: certificateArn })),
      );
      await client.send(new DeleteCertificateCommand({ certificateId, forceDelete: true }));
    },
  };
}
