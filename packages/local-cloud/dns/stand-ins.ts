// Maps outside names to this machine, as `--at api.example.net=http://127.0.0.1:8080/api` does.

import { isIP } from 'node:net';
import { StartError } from '../start-error.ts';
import { absolute, nameProblem } from './name.ts';

export interface StandIn {
  readonly address: string;
  /** Without it, the port of the check is used. */
  readonly port?: number;
  /** Scheme, host, port and the path that goes before that of a request. */
  readonly url?: URL;
}

const FORM = 'NAME=http://127.0.0.1:8080/path, NAME=127.0.0.1:8883 or NAME=127.0.0.1';

function readPlace(text: string): StandIn | undefined {
  if (/^https?:\/\//.test(text)) {
    const url = URL.parse(text);
    if (!url) return undefined;
    const host = url.hostname === 'localhost' ? '127.0.0.1' : url.hostname.replace(/^\[(.*)\]$/, '$1');
    return isIP(host) === 0 ? undefined : { address: host, url };
  }
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const address = bracketed ?? plain ?? text;
  if (isIP(address) === 0 || Number(port ?? 1) > 65_535) return undefined;
  return { address, ...(port !== undefined && { port: Number(port) }) };
}

/** By absolute name. @throws StartError naming what is wrong */
export function readStandIns(pairs: readonly string[]): ReadonlyMap<string, StandIn> {
  return new Map(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      const name = absolute(pair.slice(0, Math.max(equals, 0)));
      const place = readPlace(pair.slice(equals + 1));
      if (equals < 1 || nameProblem(name) || !place)
        throw new StartError(`--at ${pair}: write ${FORM}, with an IP address`);
      return [name, place];
    }),
  );
}
