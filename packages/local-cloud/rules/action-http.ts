// Http: a rule's result as the body of a POST, to this machine, or to hosts that the environment of the stack allows.
// https://docs.aws.amazon.com/iot/latest/developerguide/https-rule-action.html

import { AwsError } from '../aws-error.ts';
import type { Fields } from './action-fields.ts';
import { bytesOf, type CompileAction, type HttpClient } from './action.ts';
import { fieldAt, isTemplate } from './rule-spec.ts';
import type { Substitute } from './statement.ts';

/** Environment variable with host names, divided by commas, that rules may post to. */
export const ALLOWED_HOSTS = 'HTTP_ACTION_HOSTS';

const isLoopback = (host: string) => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host);

/** The problem with an address, and the remedy; undefined where a rule may post to it. */
function problemOfUrl(url: string, allowed: HttpClient['hosts']): string | undefined {
  if (!URL.canParse(url))
    return `${JSON.stringify(url.slice(0, 200))} is not an address such as https://example.com/in`;
  const { protocol, hostname } = new URL(url);
  if (isLoopback(hostname)) {
    const fits = protocol === 'http:' || protocol === 'https:';
    return fits ? undefined : `${protocol} is not supported: use https, or http on this machine`;
  }
  if (protocol !== 'https:') return `AWS IoT posts over https only, and ${url.slice(0, 200)} is ${protocol}`;
  if (allowed === 'any' || allowed.includes(hostname)) return undefined;
  return `posting to ${hostname} is not allowed: start with ${ALLOWED_HOSTS}=${hostname}, or give the address of a server on this machine`;
}

interface Header {
  readonly key: Substitute;
  readonly value: Substitute;
}

function compileHeaders(fields: Fields): Header[] {
  const given = fields.spec.properties['Headers'] ?? [];
  if (!Array.isArray(given)) throw fields.refuse('Http.Headers must be a list of Key and Value', 'Headers');
  return given.map((item: unknown) => ({
    key: fields.compile(fieldAt(item, 'Key'), 'Headers.Key'),
    value: fields.compile(fieldAt(item, 'Value'), 'Headers.Value'),
  }));
}

/** The fixed beginning of an address, where its host is the same for all messages. */
function constantPart(url: string): string | undefined {
  if (!isTemplate(url)) return url;
  return /^[a-z]+:\/\/[^/$]+\//i.exec(url)?.[0];
}

export const http: CompileAction = (fields, targets) => {
  const client = fields.need(targets.http);
  const urlOf = fields.template('Url');
  const url = fields.raw('Url');
  const known = constantPart(url);
  const problem = known === undefined ? undefined : problemOfUrl(known, client.hosts);
  if (problem !== undefined) throw fields.refuse(`Http.Url: ${problem}`, 'Url');
  const headers = compileHeaders(fields);
  return {
    name: 'HttpAction',
    resource: url,
    prepare({ output, scope }) {
      const to = urlOf(scope);
      const wrong = problemOfUrl(to, client.hosts);
      if (wrong !== undefined) throw new AwsError('InvalidRequestException', wrong);
      const named = headers.map(({ key, value }) => [key(scope), value(scope)] as const);
      const body = bytesOf(output);
      const contentType = output.kind === 'json' ? 'application/json' : 'application/octet-stream';
      return () => client.post(to, { 'content-type': contentType, ...Object.fromEntries(named) }, body);
    },
  };
};
