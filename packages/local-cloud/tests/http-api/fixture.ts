// The gateway over the API and identities of a template, with a function made of a test's answer, on a free port.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEventV2WithIAMAuthorizer } from 'aws-lambda';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { apiFromTemplate, type ApiSpec } from '../../http-api/api-spec.ts';
import { createApiCallers } from '../../http-api/caller.ts';
import { createGateway, type GatewayDeps } from '../../http-api/gateway.ts';
import type { Fields } from '../../log.ts';
import type { ResolvedTemplate } from '../../template/resolved.ts';
import { openFixture, ownPage, start, type Fixture } from '../cognito/cognito-fixture.ts';
import { loadSample, stackDefaults } from '../template/fixture.ts';
import { callApi, type Answer, type Call } from './call-api.ts';

export interface GatewayFixture extends Pick<Fixture, 'clock' | 'guest' | 'login' | 'member'> {
  readonly spec: ApiSpec;
  /** What the function got. */
  readonly events: APIGatewayProxyEventV2WithIAMAuthorizer[];
  readonly counts: Record<string, number>;
  /** Why requests were refused or failed, from the log. */
  readonly reasons: string[];
  readonly call: (call?: Call) => Promise<Answer>;
}

export async function openGateway(
  options: {
    /** What the function gives. */
    result?: unknown;
    invoke?: GatewayDeps['invoke'];
    spec?: Partial<ApiSpec>;
    overrides?: Record<string, string>;
    /** The sample if absent. */
    template?: ResolvedTemplate;
  } = {},
): Promise<GatewayFixture> {
  const { result = { statusCode: 200, body: 'done' }, template = loadSample(options.overrides) } = options;
  const fixture = await openFixture({ template });
  const { clock, cognito, guest, login, member } = fixture;
  const [events, reasons, counts]: [GatewayFixture['events'], string[], Record<string, number>] = [
    [],
    [],
    {},
  ];
  const note = (_message: string, fields: Fields = {}) => void reasons.push(String(fields['reason']));
  const spec = { ...apiFromTemplate(template)!, ...options.spec };
  const serve = createGateway({
    spec,
    callers: createApiCallers({ ...stackDefaults, ...cognito, clock }),
    ownOrigins: () => [ownPage],
    invoke(functionName, payload) {
      events.push(JSON.parse(payload) as APIGatewayProxyEventV2WithIAMAuthorizer);
      return (
        options.invoke?.(functionName, payload) ??
        Promise.resolve({ payload: JSON.stringify(result), logTail: '' })
      );
    },
    clock,
    log: { info() {}, warn: note, error: note },
    count: (name) => void (counts[name] = (counts[name] ?? 0) + 1),
  });
  const server = createServer((req, res) => void serve(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    ...{ spec, clock, guest, login, member, events, counts, reasons },
    call: (call = {}) => callApi(`http://127.0.0.1:${port}/api`, { signedAt: start, ...call }),
  };
}
