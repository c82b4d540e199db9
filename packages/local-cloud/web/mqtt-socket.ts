// MQTT over WebSocket for browsers: checks the signature of the URL, and passes the bytes to the broker.
// https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901285 (section 6)

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer, type WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Broker } from '../mqtt/broker.ts';
import { readSigner, type SignerRules } from './presigned.ts';
import { isOwnHost, type WebOptions } from './server.ts';

export interface MqttSocketDeps {
  readonly broker: Pick<Broker, 'accept'>;
  readonly rules: SignerRules;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string) => void;
}

/** IoT Core ends a WebSocket connection after a day, whatever its credentials. */
const LIFETIME_MS = 86_400_000;
/** Limit of one WebSocket message, which may have several packets: IoT Core's largest packet fits easily. */
const LONGEST_MESSAGE = 262_144;

const REASONS = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found' } as const;
type Status = keyof typeof REASONS;

function turnAway(socket: Duplex, status: Status): void {
  const body = JSON.stringify({ message: REASONS[status] });
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Subprotocols that the client offers. */
const offered = (req: IncomingMessage) =>
  (req.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());

/** The problem of a request, before its signature is checked. */
function misfit(req: IncomingMessage, origins: readonly string[]): [Status, string] | undefined {
  const { host, origin } = req.headers;
  if (!isOwnHost(host)) return [403, `host ${host} is not served here`];
  if (origin !== undefined && !origins.includes(origin))
    return [403, `page of ${origin} is not of this port`];
  if (req.url?.split('?', 1)[0] !== '/mqtt') return [404, 'only /mqtt is served over WebSocket'];
  if (!offered(req).includes('mqtt')) return [400, 'subprotocol mqtt is not offered [MQTT-6.0.0-3]'];
  return undefined;
}

/** The bytes of the connection; a text message ends it [MQTT-6.0.0-1]. */
function bytesOf(webSocket: WebSocket): Duplex {
  const stream = createWebSocketStream(webSocket);
  webSocket.prependListener('message', (_data, isBinary) => {
    if (!isBinary) stream.destroy(new Error('a text message, where MQTT has binary ones only'));
  });
  return stream;
}

/** No Close frame came. */
const ABNORMAL_CLOSURE = 1006;

/** For the web port's `upgrade`. */
export function createMqttSocket(deps: MqttSocketDeps): WebOptions['upgrade'] {
  const { broker, rules, clock, log, count } = deps;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: LONGEST_MESSAGE,
    perMessageDeflate: false,
    handleProtocols: () => 'mqtt',
  });
  return (req, socket, head, origins) => {
    socket.on('error', () => socket.destroy()); // the connection reports it
    const sourceIp = req.socket.remoteAddress ?? 'unknown';
    const refuse = (status: Status, reason: string) => {
      log.warn('refused', { action: 'WebSocket', ip: sourceIp, reason });
      count('mqtt.refused');
      turnAway(socket, status);
    };
    const wrong = misfit(req, origins);
    if (wrong) return refuse(...wrong);
    const signer = readSigner(req.url ?? '', req.headers, rules, clock.now());
    if ('refused' in signer) return refuse(403, signer.refused);
    server.handleUpgrade(req, socket, head, (webSocket) => {
      let saidGoodbye = false;
      webSocket.prependListener('close', (code) => {
        saidGoodbye = code !== ABNORMAL_CLOSURE;
      });
      const transport = { lifetimeMs: LIFETIME_MS, saidGoodbye: () => saidGoodbye };
      broker.accept(bytesOf(webSocket), { ...signer, sourceIp }, transport);
    });
  };
}
