// Opens what browsers need: identities, calls to the AWS port, and MQTT over WebSocket on the web port.

import path from 'node:path';
import type { AwsServerOptions } from '../aws/server.ts';
import type { AwsHandler } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import type { Meter } from '../cloudwatch/meter.ts';
import { createCallerCheck } from '../cognito/callers.ts';
import { openCognito, type UserPoolService } from '../cognito/cognito.ts';
import { createApiCallers } from '../http-api/caller.ts';
import { createGateway, type GatewayDeps } from '../http-api/gateway.ts';
import type { Iot } from '../iot/iot.ts';
import type { Log } from '../log.ts';
import { createLogin } from '../login/login.ts';
import type { Authorize } from '../mqtt/access.ts';
import type { Broker } from '../mqtt/broker.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { createMqttSocket } from './mqtt-socket.ts';
import type { PageStack, ProjectPage } from '../project.ts';
import { readInbox } from '../sns/inbox.ts';
import { createWeb, type Web, type WebOptions } from './server.ts';
import { siteOf, type ServeSite } from './site.ts';

export interface Browsers {
  /** Answers requests for the service `cognito-identity`. */
  readonly cognito: AwsHandler;
  /** Absent where the template has no user pool. */
  readonly userPool: UserPoolService | undefined;
  /** Options of the AWS port for calls of browsers. */
  readonly awsPort: Required<Pick<AwsServerOptions, 'authenticate' | 'origins'>>;
  /** Decides by the policies of a certificate, or by those of a role and an identity. */
  readonly authorize: Authorize;
  /** What the web port needs to serve a project's page, if it has one. */
  siteOf(
    page: ProjectPage | undefined,
    stack: Omit<PageStack, 'region' | 'callbacks'>,
  ): { readonly site?: ServeSite };
  /** Opens the web port, on which `broker` serves MQTT, and `httpApi` the template's HTTP API. */
  listen(
    options: Omit<WebOptions, 'upgrade' | 'api' | 'login' | 'inbox' | 'log' | 'count'> & {
      broker: Broker;
      httpApi?: HttpApi;
    },
  ): Promise<Web>;
}

/** The template's HTTP API, and what invokes its functions. */
export type HttpApi = Pick<GatewayDeps, 'spec' | 'invoke'>;

const isCertificateId = (principal: string) => /^[0-9a-f]{64}$/.test(principal);

interface BrowsersOptions {
  readonly dataDir: string;
  readonly template: ResolvedTemplate;
  readonly iot: Iot;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string) => void;
  readonly meter: Meter;
}

type Cognito = Awaited<ReturnType<typeof openCognito>>;

/** What checks the signatures of browsers, at each port. */
const rulesOf = ({ template: { region, accountId } }: BrowsersOptions, { credentials }: Cognito) => ({
  region,
  accountId,
  credentials,
});

/** @param ownOrigins the origins of the web port, known once it listens */
function listen(
  options: BrowsersOptions,
  cognito: Cognito,
  { broker, httpApi, ...web }: Parameters<Browsers['listen']>[0],
  ownOrigins: () => readonly string[],
): Promise<Web> {
  const { dataDir, clock, log, count, meter } = options;
  const { permissions, userPool } = cognito;
  const rules = rulesOf(options, cognito);
  const callers = createApiCallers({ ...rules, permissions, clock });
  const api = httpApi && createGateway({ ...httpApi, callers, ownOrigins, clock, log, count, meter });
  const login = userPool && createLogin({ service: userPool, clock, log, count });
  return createWeb({
    ...{ ...web, log, count, inbox: () => readInbox(dataDir) },
    upgrade: createMqttSocket({ broker, rules, clock, log, count }),
    ...(api && { api }),
    ...(login && { login }),
  });
}

/** @throws StartError naming the template line of an identity pool or role that would not work. */
export async function openBrowsers(options: BrowsersOptions): Promise<Browsers> {
  const { dataDir, template, iot, clock } = options;
  const { region } = template;
  const dir = path.join(dataDir, 'cognito');
  const cognito = await openCognito({ dir, template, registry: iot.registry, clock });
  const { handler, permissions, userPool } = cognito;
  let origins: readonly string[] = [];
  return {
    cognito: handler,
    userPool,
    awsPort: {
      authenticate: createCallerCheck({ ...rulesOf(options, cognito), permissions, clock }),
      origins: () => origins,
    },
    authorize: (request) => (isCertificateId(request.principal) ? iot : permissions).authorize(request),
    siteOf(page, stack) {
      const callbacks = userPool?.users.pool.clients.flatMap((client) => client.callbacks) ?? [];
      return siteOf(page, { ...stack, region, callbacks });
    },
    async listen(web) {
      const opened = await listen(options, cognito, web, () => origins);
      origins = opened.origins;
      return opened;
    },
  };
}
