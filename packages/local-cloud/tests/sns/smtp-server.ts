// A mail server of a few lines: it accepts what it gets, or answers as a test configures it.

import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { cleanup } from '../../../../tests/support/cleanup.ts';

export interface Received {
  readonly from: string;
  readonly to: string;
  readonly data: string;
}

export interface SmtpServer {
  readonly port: number;
  readonly received: Received[];
  /** Lines that clients sent as commands. */
  readonly commands: string[];
}

type Answer = (command: string) => string | undefined;

function converse(socket: Socket, { received, commands }: SmtpServer, answer: Answer): void {
  let buffer = '';
  let [from, to, reading] = ['', '', false];
  const say = (line: string) => void socket.write(`${line}\r\n`);

  function takeData(): boolean {
    const end = buffer.indexOf('\r\n.\r\n');
    if (end === -1) return false;
    const data = buffer.slice(0, end + 2).replaceAll('\r\n..', '\r\n.');
    buffer = buffer.slice(end + 5);
    reading = false;
    const refused = answer('DATA-END');
    if (!refused) received.push({ from, to, data });
    say(refused ?? '250 taken');
    return true;
  }

  function takeCommand(): boolean {
    const end = buffer.indexOf('\r\n');
    if (end === -1) return false;
    const command = buffer.slice(0, end);
    buffer = buffer.slice(end + 2);
    commands.push(command);
    const told = answer(command);
    const address = /<(.*)>/.exec(command)?.[1] ?? '';
    if (command.startsWith('MAIL')) from = address;
    if (command.startsWith('RCPT')) to = address;
    if (command === 'DATA' && !told) reading = true;
    say(told ?? (command === 'DATA' ? '354 go on' : '250 fine'));
    return true;
  }

  say('220 test');
  socket.on('error', () => {}); // a client that goes away is part of the tests
  socket.on('data', (chunk) => {
    buffer += chunk.toString('utf8');
    while (reading ? takeData() : takeCommand());
  });
}

/** @param answer the reply to a command, `DATA-END` being the message's end; undefined: yes */
export async function startSmtpServer(answer: Answer = () => undefined, port = 0): Promise<SmtpServer> {
  const state = { port: 0, received: [], commands: [] };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    converse(socket, state, answer);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  cleanup(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  state.port = (server.address() as AddressInfo).port;
  return state;
}
