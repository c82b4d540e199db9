// Puts together what browsers need: identities, calls to the AWS port, and MQTT by WebSocket on the web port.

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
  /** What the AWS port must know of browsers. */
  readonly awsPort: Required<Pick<AwsServerOptions, 'authenticate' | 'origins'>>;
  /** Asks the policies of certificates, or those of roles and identities, by who it is about. */
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

/** @throws StartError naming the template line of an identity pool or role that would not work. */
export async function openBrowsers(options: {
  dataDir: string;
  template: ResolvedTemplate;
  iot: Iot;
  clock: Clock;
  log: Log;
  count: (name: string) => void;
  meter: Meter;
}): Promise<Browsers> {
  const { dataDir, template, iot, clock, log, count, meter } = options;
  const { region, accountId } = template;
  const dir = path.join(dataDir, 'cognito');
  const { registry } = iot;
  const { handler, credentials, permissions, userPool } = await openCognito({
    dir,
    template,
    registry,
    clock,
  });
  const rules = { region, accountId, credentials };
  let origins: readonly string[] = [];
  return {
    cognito: handler,
    userPool,
    awsPort: {
      authenticate: createCallerCheck({ ...rules, permissions, clock }),
      origins: () => origins,
    },
    authorize: (request) => (isCertificateId(request.principal) ? iot : permissions).authorize(request),
    siteOf(page, stack) {
      const callbacks = userPool?.users.pool.clients.flatMap((client) => client.callbacks) ?? [];
      return siteOf(page, { ...stack, region, callbacks });
    },
    async listen({ broker, httpApi, ...web }) {
      const upgrade = createMqttSocket({ broker, rules, clock, log, count });
      const callers = createApiCallers({ ...rules, permissions, clock });
      const api =
        httpApi &&
        createGateway({ ...httpApi, callers, ownOrigins: () => origins, clock, log, count, meter });
      const login = userPool && createLogin({ service: userPool, clock, log, count });
      const opened = await createWeb({
        ...{ ...web, log, count, upgrade, inbox: () => readInbox(dataDir) },
        ...(api && { api }),
        ...(login && { login }),
      });
      origins = opened.origins;
      return opened;
    },
  };
}
