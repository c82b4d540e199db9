// Registers a device with AWS IoT: type, group, thing, key and certificate, in an order in which a crash does no harm.

import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  DeleteCertificateCommand,
  DescribeThingCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  GetPolicyCommand,
  IoTClient,
  UpdateCertificateCommand,
  UpdateThingCommand,
  type IoTClientConfig,
} from '@aws-sdk/client-iot';
import { OnboardingError } from './onboarding-error.ts';
import { makeKeyAndRequest } from './onboarding-key.ts';

export interface DeviceSpec {
  readonly name: string;
  readonly type?: string | undefined;
  readonly group?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>>;
  /** The IoT policy for its certificate. */
  readonly policy: string;
}

export interface Onboarded {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly certificateId: string;
}

export interface IssuedCertificate extends Onboarded {
  readonly certificateArn: string;
}

/** All settings that the SDK would otherwise read from the user's AWS files. */
const local: IoTClientConfig = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  retryMode: 'standard',
  maxAttempts: 3,
  defaultsMode: 'standard',
  userAgentAppId: 'tidegate',
  authSchemePreference: ['sigv4'],
  disableClockSkewCorrection: false,
};

/**
 * With `endpoint`, the client of the local cloud, which never reads the user's credentials; otherwise one with the ordinary
 * AWS configuration, and `region` if given.
 */
export function createIotClient(options: {
  endpoint?: string | undefined;
  region?: string | undefined;
}): IoTClient {
  const { endpoint, region } = options;
  if (endpoint) return new IoTClient({ ...local, ...(region ? { region } : {}), endpoint });
  // The SDK reads AWS_REGION and the configuration; the AWS CLI reads AWS_DEFAULT_REGION too.
  const given = region ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  return new IoTClient(given ? { region: given } : {});
}

const isNamed = (error: unknown, name: string) => error instanceof Error && error.name === name;

/** Runs `create`; it is not an error if it exists already. @returns whether it is new */
async function unlessExists(create: () => Promise<unknown>): Promise<boolean> {
  try {
    await create();
    return true;
  } catch (error) {
    if (isNamed(error, 'ResourceAlreadyExistsException')) return false;
    throw error;
  }
}

/** @throws OnboardingError with the remedy if there is no such policy. */
export async function requirePolicy(client: IoTClient, policyName: string): Promise<void> {
  try {
    await client.send(new GetPolicyCommand({ policyName }));
  } catch (error) {
    if (!isNamed(error, 'ResourceNotFoundException')) throw error;
    throw new OnboardingError(
      `policy ${policyName} does not exist: deploy the stack first, or name another with --policy`,
      { cause: error },
    );
  }
}

/** Creates the thing, or adds the type and the attributes to an existing one. */
async function ensureThing(client: IoTClient, { name, type, attributes = {} }: DeviceSpec): Promise<void> {
  const thing = { thingName: name, thingTypeName: type };
  const isNew = await unlessExists(() =>
    client.send(new CreateThingCommand({ ...thing, attributePayload: { attributes } })),
  );
  if (isNew) return;
  const found = await client.send(new DescribeThingCommand({ thingName: name }));
  if (type !== undefined && found.thingTypeName !== undefined && found.thingTypeName !== type) {
    throw new OnboardingError(
      `thing ${name} exists already with the type ${found.thingTypeName}, not ${type}`,
    );
  }
  await client.send(new UpdateThingCommand({ ...thing, attributePayload: { attributes, merge: true } }));
}

/**
 * Creates type, group and thing if missing; the thing joins the group.
 *
 * @throws OnboardingError if the policy is missing or the thing has another type.
 */
export async function register(client: IoTClient, spec: DeviceSpec): Promise<void> {
  const { name, type, group, policy } = spec;
  await requirePolicy(client, policy);
  if (type) await unlessExists(() => client.send(new CreateThingTypeCommand({ thingTypeName: type })));
  if (group) await unlessExists(() => client.send(new CreateThingGroupCommand({ thingGroupName: group })));
  await ensureThing(client, spec);
  if (group) await client.send(new AddThingToThingGroupCommand({ thingName: name, thingGroupName: group }));
}

/** An inactive certificate for a new key, or for `keyPem`; only the signing request leaves the machine. */
export async function issue(client: IoTClient, name: string, keyPem?: string): Promise<IssuedCertificate> {
  const made = await makeKeyAndRequest(name, keyPem);
  const issued = await client.send(
    new CreateCertificateFromCsrCommand({ certificateSigningRequest: made.csr, setAsActive: false }),
  );
  return {
    certificatePem: issued.certificatePem!,
    certificateId: issued.certificateId!,
    certificateArn: issued.certificateArn!,
    keyPem: made.keyPem,
  };
}

/** Attaches policies and thing to a certificate, and activates it last: a certificate that a crash left cannot connect. */
export async function putIntoService(
  client: IoTClient,
  certificate: { readonly certificateId: string; readonly certificateArn: string },
  thingName: string | undefined,
  policies: readonly string[],
): Promise<void> {
  const { certificateId, certificateArn } = certificate;
  for (const policyName of policies) {
    await client.send(new AttachPolicyCommand({ policyName, target: certificateArn }));
  }
  if (thingName !== undefined)
    await client.send(new AttachThingPrincipalCommand({ thingName, principal: certificateArn }));
  await client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
}

const DELETE_ATTEMPTS = 20;
const DELETE_DELAY_MS = 500;

/** Retries on this error: on AWS, a detachment takes seconds to become visible, and blocks deletions until then. */
export async function retryWhile(errorName: string, run: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await run();
      return;
    } catch (error) {
      if (attempt === DELETE_ATTEMPTS || !isNamed(error, errorName)) throw error;
      await new Promise((resolve) => setTimeout(resolve, DELETE_DELAY_MS));
    }
  }
}

/** Deactivates (unless revoked), detaches and deletes a certificate. */
export async function discard(
  client: IoTClient,
  certificate: {
    readonly certificateId: string;
    readonly certificateArn: string;
    readonly status?: string;
  },
  thingName: string | undefined,
  policies: readonly string[],
): Promise<void> {
  const { certificateId, certificateArn } = certificate;
  if (certificate.status !== 'REVOKED')
    await client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
  for (const policyName of policies) {
    await client.send(new DetachPolicyCommand({ policyName, target: certificateArn }));
  }
  if (thingName !== undefined)
    await client.send(new DetachThingPrincipalCommand({ thingName, principal: certificateArn }));
  await retryWhile('DeleteConflictException', () =>
    client.send(new DeleteCertificateCommand({ certificateId })),
  );
}

/**
 * Issues a certificate and puts it into service; if that fails, it is discarded again.
 *
 * @param keep called with the certificate before it becomes active, to store it.
 */
export async function certify(
  client: IoTClient,
  name: string,
  policies: readonly string[],
  options: {
    keyPem?: string | undefined;
    keep?: (issued: IssuedCertificate) => void;
    /** A claim does not belong to a thing. */
    withoutThing?: boolean;
  } = {},
): Promise<IssuedCertificate> {
  const thingName = options.withoutThing ? undefined : name;
  const issued = await issue(client, name, options.keyPem);
  try {
    options.keep?.(issued);
    await putIntoService(client, issued, thingName, policies);
  } catch (error) {
    await discard(client, issued, thingName, policies).catch(() => undefined); // the first error has the cause
    throw error;
  }
  return issued;
}

/**
 * Makes a device ready to connect with its name as client id, on AWS and on the local cloud. An existing thing gets an
 * additional certificate.
 *
 * @throws OnboardingError, or the AWS SDK's errors.
 */
export async function onboard(client: IoTClient, spec: DeviceSpec): Promise<Onboarded> {
  await register(client, spec);
  const { certificatePem, keyPem, certificateId } = await certify(client, spec.name, [spec.policy]);
  return { certificatePem, keyPem, certificateId };
}
