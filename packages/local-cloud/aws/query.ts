// The query protocol of SNS, STS and CloudFormation: form parameters in, XML out.

import { AwsError } from '../aws-error.ts';
import { printable } from '../log.ts';
import { readBody } from './body.ts';
import { requestIdOf, sendXml, type AwsHandler } from './wire.ts';
import type { XmlElements } from './xml.ts';

/** The parameters of one call, flat: `MessageAttributes.entry.1.Name`. */
export interface QueryParameters {
  get(name: string): string | undefined;
  /** @throws AwsError `ValidationError` when it is missing. */
  require(name: string): string;
  /** The numbered names below `prefix`, in numeric order: `Tags.member.1`, `Tags.member.2`. */
  entries(prefix: string): string[];
}

export interface QueryAction {
  /** The parameters it reads; one with a dot also covers what is numbered below it. */
  readonly accepts: readonly string[];
  /** What it answers becomes `<ActionResult>`. */
  readonly run: (parameters: QueryParameters) => XmlElements | Promise<XmlElements>;
}

export interface QueryService {
  /** For the error text: `SNS`. */
  readonly name: string;
  /** Of its XML, such as `http://sns.amazonaws.com/doc/2010-03-31/`. */
  readonly namespace: string;
  /** Largest body in bytes. */
  readonly limit: number;
  readonly actions: Readonly<Record<string, QueryAction>>;
}

const MAX_PARAMETERS = 2_000;

function createParameters(form: URLSearchParams): QueryParameters {
  return {
    get: (name) => form.get(name) ?? undefined,
    require(name) {
      const value = form.get(name);
      if (value !== null) return value;
      const constraint = 'failed to satisfy constraint: Member must not be null';
      throw new AwsError(
        'ValidationError',
        `1 validation error detected: Value null at '${name}' ${constraint}`,
      );
    },
    entries(prefix) {
      const numbers = new Set<number>();
      for (const name of form.keys()) {
        const number =
          name.startsWith(`${prefix}.`) && /^\d{1,4}(?=\.|$)/.exec(name.slice(prefix.length + 1));
        if (number) numbers.add(Number(number[0]));
      }
      return [...numbers].sort((a, b) => a - b).map((number) => `${prefix}.${number}`);
    },
  };
}

function refuseUnknown(form: URLSearchParams, action: string, accepts: readonly string[]): void {
  if (form.size > MAX_PARAMETERS) throw new AwsError('MalformedQueryString', 'Too many parameters');
  for (const name of form.keys()) {
    if (name === 'Action' || name === 'Version' || name.startsWith('X-Amz-')) continue;
    if (accepts.some((known) => name === known || (known.includes('.') && name.startsWith(`${known}.`))))
      continue;
    const message = `The local cloud does not support the parameter ${printable(name.slice(0, 100))} of ${action}`;
    throw new AwsError('NotImplemented', message);
  }
}

function find({ name, actions }: QueryService, asked: string): QueryAction {
  const action = Object.hasOwn(actions, asked) ? actions[asked] : undefined;
  if (action) return action;
  const known = Object.keys(actions).sort().join(', ');
  const message = `The local ${name} has no action '${printable(asked.slice(0, 64))}'; it has ${known}`;
  throw new AwsError('InvalidAction', message);
}

/** Serves the actions of `service`; a parameter that an action does not read is refused, never ignored. */
export function createQueryHandler(service: QueryService): AwsHandler {
  return async (req, res) => {
    const inUrl = req.method === 'GET';
    const form = new URLSearchParams(
      inUrl ? req.url?.split('?', 2)[1] : (await readBody(req, service.limit)).toString('utf8'),
    );
    const name = form.get('Action') ?? '';
    const action = find(service, name);
    refuseUnknown(form, name, action.accepts);
    const result = await action.run(createParameters(form));
    sendXml(res, `${name}Response xmlns="${service.namespace}"`, {
      [`${name}Result`]: result,
      ResponseMetadata: { RequestId: requestIdOf(res) },
    });
  };
}
