// Forwards Route 53 calls of the stack's AWS port to the program that has the zones: DNS is one for all regions.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { AwsHandler } from '../aws/wire.ts';
import { AwsError } from '../aws-error.ts';
import type { Log } from '../log.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { shownAs } from '../template/source-file.ts';

/** The file in which `dns serve` writes its address. */
export const endpointFile = (dataDir: string): string => path.join(dataDir, 'route53', 'endpoint.json');

function notRunning(dataDir: string, command: string): AwsError {
  // Not 503: clients would try again for a while, and nothing changes by itself.
  return new AwsError(
    'ServiceUnavailable',
    `Route 53 does not run: start it with ${command} serve --data-dir ${dataDir}`,
    400,
  );
}

function readUrl(dataDir: string, command: string): string {
  try {
    const { url } = JSON.parse(readFileSync(endpointFile(dataDir), 'utf8')) as { readonly url: string };
    return url;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw notRunning(dataDir, command);
    throw error;
  }
}

/** Headers without those that are about one connection. */
const ofMessage = ({ headers }: IncomingMessage) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^(host|connection|keep-alive)$/.test(name)),
  );

export interface ForwardOptions {
  readonly dataDir: string;
  /** Such as `npm run dns --`, for the remedy. */
  readonly dnsCommand: string;
  /** The stack's template: only that program answers for the zones that it declares. */
  readonly template: Pick<ResolvedTemplate, 'file' | 'ofType'>;
  readonly log: Log;
}

export function createRoute53Forward({ dataDir, dnsCommand, template, log }: ForwardOptions): AwsHandler {
  if (template.ofType('AWS::Route53::HostedZone').length > 0) {
    const remedy = `${dnsCommand} serve --template ${shownAs(template.file)}`;
    log.info(
      'the names of the template are not answered here',
      { remedy },
      `${remedy} answers the names of the template`,
    );
  }
  return async (req, res) => {
    const target = new URL(readUrl(dataDir, dnsCommand));
    const { hostname, port } = target;
    const onward = request({
      hostname,
      port,
      method: req.method,
      path: req.url,
      headers: ofMessage(req),
      agent: false,
    });
    const answered = once(onward, 'response') as Promise<[IncomingMessage]>;
    try {
      await Promise.all([pipeline(req, onward), answered]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') throw notRunning(dataDir, dnsCommand);
      throw error;
    }
    const [answer] = await answered;
    res.writeHead(answer.statusCode!, ofMessage(answer));
    await pipeline(answer, res);
  };
}
