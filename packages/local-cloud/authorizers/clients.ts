// Clients without a certificate: the function of an authorizer decides who they are and what they may do.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { IConnectPacket } from 'mqtt-packet';
import type { Clock } from '../clock.ts';
import { connectKeys, type Identity as Iot } from '../iot/identity.ts';
import type { Registry } from '../iot/registry.ts';
import type { Log } from '../log.ts';
import type { Authorize, Identity } from '../mqtt/access.ts';
import type { CustomClients, Admission } from '../mqtt/custom-clients.ts';
import { plainAddress } from '../plain-address.ts';
import { createEvaluator, type Evaluator } from '../policies/policy.ts';
import type { Invoke } from '../provisioning/hook.ts';
import { askAuthorizer, Denial, type Arrival, type Verdict } from './ask.ts';
import { namedBy, pairsOf, shownTo, type Authorizer } from './authorizer.ts';

export interface AuthorizedClients {
  /** For the MQTT port. */
  readonly ofMqtt: Omit<CustomClients, 'serveHttps'>;
  /** The sender of an HTTPS request. @throws Denial when the request is not let in */
  ofRequest(req: IncomingMessage): Promise<Identity>;
  /** Decides by the authorizer's policies if an authorizer let the client in, else by `otherwise`. */
  authorizeOr(otherwise: Authorize): Authorize;
  /** Asks for TestInvokeAuthorizer. @throws Denial when the client would not be let in */
  test(authorizer: Authorizer, arrival: Omit<Arrival, 'connectionId'>): Promise<Verdict>;
}

interface Deps {
  readonly registry: Registry;
  readonly lookup: Iot['lookup'];
  readonly invoke: Invoke;
  readonly clock: Clock;
  readonly log: Log;
}

type Read = (name: string) => string | undefined;

/** Policies of so many clients are kept, also after the connection, for the messages of their session; the oldest go first. */
const MOST_CLIENTS = 10_000;

const keyOf = (principal: string, clientId: string) => `${principal} ${clientId}`;

/** @throws Denial when the client names no authorizer and there is no default, or one that is missing or not active */
function chosen({ authorizers, defaultAuthorizers }: Registry, read: Read): Authorizer {
  const name = namedBy(read) ?? defaultAuthorizers.get('default')?.name;
  if (name === undefined)
    throw new Denial('no client certificate, no authorizer is named and there is no default authorizer');
  const found = authorizers.get(name);
  if (!found) throw new Denial(`there is no authorizer ${name.slice(0, 128)}`);
  if (!found.isActive) throw new Denial(`authorizer ${name} is INACTIVE`);
  return found;
}

/** The policies of clients, by principal and client ID. */
function createGrants({ registry, lookup }: Deps) {
  const grants = new Map<string, Evaluator>();
  return {
    set({ principalId: principal, statements }: Verdict, clientId: string, sourceIp: string): void {
      const key = keyOf(principal, clientId);
      const values = lookup({ principal, clientId, sourceIp });
      grants.delete(key);
      grants.set(key, createEvaluator(`principal ${principal}`, statements, values));
      if (grants.size > MOST_CLIENTS) grants.delete(grants.keys().next().value!);
    },
    authorizeOr:
      (otherwise: Authorize): Authorize =>
      (request) => {
        const { principal, clientId, action, resource } = request;
        const evaluator = grants.get(keyOf(principal, clientId));
        if (!evaluator) return otherwise(request);
        return evaluator.decide(action, registry.arn(resource), connectKeys(registry, request));
      },
  };
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const texts = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')] as const);
  return Object.fromEntries(texts);
}

interface Authorizing extends Deps {
  readonly grants: ReturnType<typeof createGrants>;
}

/** Asks the authorizer, and keeps the policies of its answer. @throws Denial when the client is not let in */
async function ask(
  deps: Authorizing,
  authorizer: Authorizer,
  arrival: Arrival,
  { remoteAddress }: Socket,
): Promise<{ verdict: Verdict; identity: Identity }> {
  const verdict = await askAuthorizer(deps, authorizer, arrival);
  const sourceIp = plainAddress(remoteAddress ?? 'unknown');
  deps.grants.set(verdict, arrival.mqtt?.clientId ?? '', sourceIp);
  return { verdict, identity: { principal: verdict.principalId, sourceIp } };
}

/**
 * Asks again after the time that the last answer gave, while the connection lasts. An answer that does not come, or refuses the client,
 * leaves its policies as they were, and is asked for again after the same time.
 */
function keepFresh(
  deps: Authorizing,
  authorizer: Authorizer,
  arrival: Arrival,
  { first, socket }: { readonly first: Verdict; readonly socket: TLSSocket },
): void {
  let cancel = (): void => {};
  const askAfter = (seconds: number): void => {
    if (socket.destroyed) return;
    cancel = deps.clock.after(seconds * 1000, () => {
      ask(deps, authorizer, arrival, socket).then(
        ({ verdict }) => askAfter(verdict.refreshAfterInSeconds),
        ({ message: reason }: Error) => {
          const kept = `the policies of a client of authorizer ${authorizer.name} stay as they were`;
          deps.log.warn(kept, { reason });
          askAfter(seconds);
        },
      );
    });
  };
  socket.once('close', () => cancel());
  askAfter(first.refreshAfterInSeconds);
}

async function admit(deps: Authorizing, packet: IConnectPacket, socket: TLSSocket): Promise<Admission> {
  const { username, password, clientId } = packet;
  const read = pairsOf(username ?? '');
  const authorizer = chosen(deps.registry, read);
  if (clientId === '') throw new Denial('a client without a client ID, whose policies would not be found');
  const arrival: Arrival = {
    ...shownTo(authorizer, read),
    connectionId: randomUUID(),
    serverName: socket.servername || undefined,
    mqtt: { username, password: password && Buffer.from(password).toString('base64'), clientId },
  };
  const { verdict, identity } = await ask(deps, authorizer, arrival, socket);
  keepFresh(deps, authorizer, arrival, { first: verdict, socket });
  return { identity, lastsMs: verdict.disconnectAfterInSeconds * 1000 };
}

async function identityOf(deps: Authorizing, req: IncomingMessage): Promise<Identity> {
  const pairs = pairsOf(req.url ?? '');
  const headers = headersOf(req);
  const read: Read = (name) => headers[name.toLowerCase()] ?? pairs(name);
  const authorizer = chosen(deps.registry, read);
  const [, query] = (req.url ?? '').split(/(\?.*)/s);
  const arrival: Arrival = {
    ...shownTo(authorizer, read),
    connectionId: randomUUID(),
    serverName: (req.socket as TLSSocket).servername || undefined,
    http: { headers, queryString: query ?? '' },
  };
  return (await ask(deps, authorizer, arrival, req.socket)).identity;
}

export function createAuthorizedClients(given: Deps): AuthorizedClients {
  const deps: Authorizing = { ...given, grants: createGrants(given) };
  return {
    ofMqtt: {
      isUsed: () => deps.registry.authorizers.size > 0,
      ofConnect: (packet, socket) => admit(deps, packet, socket),
    },
    ofRequest: (req) => identityOf(deps, req),
    authorizeOr: deps.grants.authorizeOr,
    test: (authorizer, arrival) =>
      askAuthorizer(deps, authorizer, { ...arrival, connectionId: randomUUID() }),
  };
}
