// The identities of AWS IoT Core on one machine: CA, registry, policies and the API in front of them.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import type { AwsHandler } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { BrokerDomain } from '../mqtt/broker.ts';
import type { Hub } from '../mqtt/hub.ts';
import type { TopicService } from '../mqtt/jobs.ts';
import { createAcmHandler } from '../acm/api.ts';
import { certificatesOf } from '../acm/certificate-spec.ts';
import { openCertificates, type Certificate } from '../acm/certificates.ts';
import { createIotHandler } from './api.ts';
import type { IotCloud } from './api-request.ts';
import { openCa, type LocalCa } from './ca.ts';
import { domainConfigurationsOf, requiresTls13, type DomainConfiguration } from './domain-configurations.ts';
import { createIdentity, type Identity } from './identity.ts';
import { createJustInTime } from './just-in-time.ts';
import { sweepExpired } from '../provisioning/ownership.ts';
import { createProvisioning } from '../provisioning/provisioning.ts';
import type { Invoke } from '../provisioning/hook.ts';
import type { Registry, RegistryChange } from './registry.ts';
import { openRegistry } from './registry-file.ts';
import { seedRegistry, type SeedTemplate } from './seed.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';

export interface Iot extends Identity {
  readonly ca: LocalCa;
  readonly registry: Registry;
  /** Gets the rules once they are there, for the API. */
  readonly rules: NonNullable<IotCloud['rules']>;
  /** Gets the jobs once they are open, for the API. */
  readonly jobs: NonNullable<IotCloud['jobs']>;
  /** Gets what asks authorizers, for the API. */
  readonly authorizers: NonNullable<IotCloud['authorizers']>;
  /** Gets what the fleet index reads, once it is there. */
  readonly fleet: NonNullable<IotCloud['fleet']>;
  /** Gets the MQTT port once it is open. */
  readonly endpoint: NonNullable<IotCloud['endpoint']>;
  /** Certificates of AWS Certificate Manager, by ARN. */
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly domains: readonly DomainConfiguration[];
  /** Those that are enabled, as the MQTT port serves them. */
  readonly mqttDomains: readonly BrokerDomain[];
  /** Answers requests signed for the service `acm`. */
  readonly acm: AwsHandler;
  /** Creates and updates what the template declares. @throws StartError naming the template line. */
  seed(template: SeedTemplate): Promise<void>;
  /** Fleet provisioning, to be served on reserved topics: `lambda` invokes hooks, `hub` sends answers. */
  provisioning(lambda: { invoke: Invoke }, hub: Pick<Hub, 'answer'>): TopicService;
  /** Registers the certificate (DER) of a client that was refused, if its CA allows that; events go out by `hub`. */
  justInTime(hub: Pick<Hub, 'publish'>): (der: Buffer) => Promise<void>;
  /** Answers requests signed for the service `iot`. */
  handler(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** Called once a change is on disk: a certificate that is no longer ACTIVE, or other permissions. */
  onChange(listener: (change: RegistryChange) => void): void;
  close(): Promise<void>;
}

/** The enabled domains, each with its certificate. */
const brokerDomainsOf = (
  domains: readonly DomainConfiguration[],
  certificates: ReadonlyMap<string, Certificate>,
): BrokerDomain[] =>
  domains
    .filter(({ isEnabled }) => isEnabled)
    .map((domain) => {
      const { key, cert } = certificates.get(domain.certificateArn)!;
      return { name: domain.domainName, key, cert, requiresTls13: requiresTls13(domain) };
    });

type LaterParts = Pick<Iot, 'rules' | 'jobs' | 'authorizers' | 'fleet' | 'endpoint'>;

/** What the API gets once other services are open; empty at first. */
const laterParts = (): LaterParts => ({ rules: {}, jobs: {}, authorizers: {}, fleet: {}, endpoint: {} });

interface IotOptions {
  readonly dir: string;
  readonly region: string;
  readonly accountId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly organization?: string;
  readonly hosts?: readonly string[];
  readonly template?: Pick<ResolvedTemplate, 'ofType'>;
}

const provisioningOver =
  (registry: Registry, ca: LocalCa, { clock, log }: IotOptions): Iot['provisioning'] =>
  (lambda, hub) =>
    createProvisioning({
      registry,
      ca,
      invoke: (name, payload) => lambda.invoke(name, payload),
      answer: (clientId, message) => hub.answer(clientId, message),
      clock,
      log,
      newId: randomUUID,
    });

const justInTimeOver =
  (registry: Registry, { log }: IotOptions): Iot['justInTime'] =>
  (hub) =>
    createJustInTime({ registry, publish: (message) => hub.publish(message), log, newId: randomUUID });

/**
 * Opens `<dir>`: `ca.pem`, `ca.key.pem`, `server.pem`, `server.key.pem` and `registry.log`, created on the first start, and
 * `acm/` with the certificates that the templates declare.
 *
 * @param options.organization the organization in the name of a new CA.
 * @param options.hosts names or addresses for the server certificate besides those of this machine.
 * @param options.template what declares certificates and domain configurations.
 * @throws StartError when a file is damaged, or the template declares what AWS would refuse.
 */
export async function openIot(options: IotOptions): Promise<Iot> {
  const specs = options.template ? certificatesOf(options.template) : [];
  const domains = options.template ? domainConfigurationsOf(options.template, specs) : [];
  const ca = await openCa(options);
  const parts = laterParts();
  const certificates = await openCertificates(path.join(options.dir, 'acm'), ca, specs);
  const registry = await openRegistry(options);
  const endSweep = sweepExpired(registry, options.clock, (error) =>
    options.log.warn(`expired certificates are not removed yet: ${String(error)}`),
  );
  return {
    ca,
    registry,
    ...parts,
    certificates,
    domains,
    mqttDomains: brokerDomainsOf(domains, certificates),
    acm: createAcmHandler({
      certificates,
      caCertificate: ca.certificatePem,
      usersOf: (arn) => domains.filter((each) => each.certificateArn === arn).map((each) => each.arn),
    }),
    ...createIdentity(registry, ca),
    seed: (template) => seedRegistry(registry, template, ca),
    provisioning: provisioningOver(registry, ca, options),
    justInTime: justInTimeOver(registry, options),
    handler: createIotHandler({ registry, ca, domains, ...parts }, options.log),
    onChange: (listener) => registry.onChange(listener),
    async close() {
      endSweep();
      await registry.close();
    },
  };
}
