// Fleet provisioning by claim over MQTT: a device with a claim certificate gets one of its own, and its place in the registry.
// https://docs.aws.amazon.com/iot/latest/developerguide/fleet-provision-api.html

import { createHash } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { TopicService } from '../mqtt/jobs.ts';
import { OWN_PRINCIPAL, type InboundMessage } from '../mqtt/message.ts';
import { required } from '../iot/api-request.ts';
import type { LocalCa } from '../iot/ca.ts';
import { certificateFromCsr, certificateWithKeys } from '../iot/device-certificate.ts';
import { shortId } from '../iot/identity.ts';
import { awaitProvisioning, ownershipOf, type NewOwnership } from './ownership.ts';
import { changesFor } from './device.ts';
import { createKeyQueue } from './key-queue.ts';
import { askHook, type Invoke } from './hook.ts';
import { compileBody } from './template.ts';
import { isObject, parameterError, type Json } from './value.ts';
import { change, find, type Certificate, type ProvisioningTemplate, type Registry } from '../iot/registry.ts';
import { isProvisioningTopic, provisioningTopic } from './topics.ts';

export interface ProvisioningDeps {
  readonly registry: Registry;
  readonly ca: LocalCa;
  readonly invoke: Invoke;
  /** Sends the answer to the client that sent the request. */
  readonly answer: (clientId: string, message: InboundMessage) => void;
  readonly clock: Clock;
  readonly log: Log;
  /** A UUID. */
  readonly newId: () => string;
}

const MAXIMUM_PARAMETERS = 100;
const MAXIMUM_VALUE = 1_024;

function parse(payload: Buffer): Json {
  if (payload.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(payload.toString());
  } catch {
    throw new AwsError('InvalidPayload', 'the payload is not JSON', 400);
  }
  if (isObject(parsed)) return parsed;
  throw new AwsError('InvalidPayload', 'the payload is not a JSON object', 400);
}

function parametersOf(value: unknown): Map<string, string> {
  if (value === undefined || value === null) return new Map();
  if (!isObject(value)) throw parameterError('parameters is not an object');
  const entries = Object.entries(value);
  if (entries.length > MAXIMUM_PARAMETERS) throw parameterError(`more than ${MAXIMUM_PARAMETERS} parameters`);
  for (const [name, text] of entries) {
    if (typeof text !== 'string' || text.length > MAXIMUM_VALUE || name.length > MAXIMUM_VALUE) {
      throw parameterError(
        `parameter ${JSON.stringify(name.slice(0, 100))} is not text of up to ${MAXIMUM_VALUE} characters`,
      );
    }
  }
  return new Map(entries as [string, string][]);
}

function templateOf(registry: Registry, name: string): ProvisioningTemplate {
  const template = find(registry.provisioningTemplates, 'Provisioning template', name);
  if (!template.enabled) throw new AwsError('AccessDenied', `provisioning template ${name} is disabled`, 403);
  return template;
}

/** The answer to the device, and the line in the log. */
type Outcome = Promise<{
  readonly text: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, string>>;
}>;

const issued = (made: NewOwnership, more: object = {}) => ({
  text: JSON.stringify({ ...made, ...more }),
  event: 'certificate issued',
  fields: { certificate: shortId(made.certificateId) },
});

function createIssuing({ registry, ca }: ProvisioningDeps) {
  const inTurn = createKeyQueue();
  return {
    async withKeys({ principal }: InboundMessage): Outcome {
      let privateKey = '';
      const made = await awaitProvisioning(registry, principal, () =>
        inTurn(async () => {
          const keys = await certificateWithKeys(ca);
          ({ privateKey } = keys);
          return keys.pem;
        }),
      );
      return issued(made, { privateKey });
    },
    async fromCsr(body: Json, { principal }: InboundMessage): Outcome {
      const csr = required(body, 'certificateSigningRequest');
      return issued(await awaitProvisioning(registry, principal, () => certificateFromCsr(ca, csr)));
    },
  };
}

function createRegistering({ registry, invoke, clock }: ProvisioningDeps) {
  /** The parameters of the device with the changes of the hook. */
  const judged = async (
    { name, hook }: ProvisioningTemplate,
    { id, pem }: Certificate,
    parameters: ReadonlyMap<string, string>,
    { principal, clientId }: InboundMessage,
  ) => {
    if (!hook) return parameters;
    const overrides = await askHook(invoke, clock, hook.targetArn, {
      claimCertificateId: principal,
      certificateId: id,
      certificatePem: pem,
      templateArn: registry.arn(`provisioningtemplate/${name}`),
      clientId,
      parameters: Object.fromEntries(parameters),
    });
    return new Map([...parameters, ...overrides]);
  };

  return async (name: string, body: Json, message: InboundMessage): Outcome => {
    const token = body['certificateOwnershipToken'] ?? '';
    if (typeof token !== 'string') throw parameterError('certificateOwnershipToken is not text');
    const given = parametersOf(body['parameters']);
    const template = templateOf(registry, name);
    const { certificate, ownership } = ownershipOf(registry, token, message.principal);
    const request = createHash('sha256').update(`${name} `).update(message.payload).digest('hex');
    const event = 'device provisioned';
    const fields = { template: name, certificate: shortId(certificate.id) };
    if (ownership.done?.request === request) return { text: ownership.done.answer, event, fields };
    const parameters = await judged(template, certificate, given, message);
    // The hook took time, so everything is checked again; from here on there is no await before the commit.
    const current = ownershipOf(registry, token, message.principal);
    if (current.ownership.done)
      throw new AwsError('InvalidCertificateOwnershipToken', 'Certificate ownership token was used.', 400);
    const planned = compileBody(templateOf(registry, name).body).provision(parameters, current.certificate);
    const { changes, thingName } = changesFor(registry, planned, current.certificate);
    const answer = JSON.stringify({ deviceConfiguration: planned.deviceConfiguration, thingName });
    const done = { ...current.ownership, done: { request, answer } };
    await registry.commit([...changes, change('ownership', current.key, done)]);
    return { text: answer, event, fields: { ...fields, ...(thingName ? { thing: thingName } : {}) } };
  };
}

function createRequests(deps: ProvisioningDeps) {
  const issue = createIssuing(deps);
  const register = createRegistering(deps);
  return async (message: InboundMessage): Outcome => {
    const [, kind, template] = provisioningTopic.exec(message.topic)!;
    const body = parse(message.payload);
    if (template !== undefined) return register(template, body, message);
    return kind === 'create' ? issue.withKeys(message) : issue.fromCsr(body, message);
  };
}

/** AWS's error names in this API, without the ending `Exception` of its HTTP APIs. */
function asError(error: unknown, log: Log, topic: string): AwsError {
  if (error instanceof AwsError) {
    const { code, message, status } = error;
    return new AwsError(code.replace(/Exception$/, ''), message, status);
  }
  log.error('provisioning: an error of the local cloud itself', {
    topic,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  return new AwsError('InternalFailure', 'An error of the local cloud itself: see its log', 500);
}

export function createProvisioning(deps: ProvisioningDeps): TopicService {
  const { clock, log, newId, answer } = deps;
  const serve = createRequests(deps);
  const send = (request: InboundMessage, outcome: 'accepted' | 'rejected', text: string) =>
    answer(request.clientId, {
      topic: `${request.topic}/${outcome}`,
      payload: Buffer.from(text),
      qos: 1,
      retain: false,
      clientId: 'n/a',
      principal: OWN_PRINCIPAL,
      sourceIp: request.sourceIp,
      receivedAt: clock.now(),
      traceId: newId(),
    });
  return {
    id: 'provisioning',
    matches: isProvisioningTopic,
    async handle(request) {
      const { topic, clientId: client, principal } = request;
      try {
        const { text, event, fields } = await serve(request);
        log.info(event, { client, claim: shortId(principal), ...fields });
        send(request, 'accepted', text);
      } catch (caught) {
        const { code, message, status } = asError(caught, log, topic);
        log.warn('provisioning refused', { client, topic, claim: shortId(principal), reason: message });
        const error = { statusCode: status, errorCode: code, errorMessage: message };
        send(request, 'rejected', JSON.stringify(error));
      }
    },
  };
}
