// Amazon Cognito Identity on the AWS port: JSON 1.1, told by X-Amz-Target, mostly without a signature as browsers send it.
import type { IncomingMessage } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { sendJson, type AwsHandler } from '../aws/wire.ts';
import { printable } from '../log.ts';
import { operations, type CognitoCloud } from './operations.ts';
import type { Input } from './request.ts';

export const targetPrefix = 'AWSCognitoIdentityService.';

/** A login token may have 50,000 characters, and there may be ten. */
const longestBody = 600_000;

async function readInput(req: IncomingMessage): Promise<Input> {
  const text = (await readBody(req, longestBody)).toString('utf8') || '{}';
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    throw new AwsError('SerializationException', 'The request body is not valid JSON');
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new AwsError('SerializationException', 'The request body is not a JSON object');
  }
  return input as Input;
}

/** Serves `operations`; a parameter that an operation does not read is refused, never ignored. */
export function createCognitoHandler(cloud: CognitoCloud): AwsHandler {
  return async (req, res) => {
    const target = String(req.headers['x-amz-target'] ?? '');
    const name = target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : '';
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (!operation) {
      const known = Object.keys(operations).sort().join(', ');
      const asked = printable(target).slice(0, 100);
      throw new AwsError(
        'UnknownOperationException',
        `The local cloud has no Cognito operation '${asked}'; it has ${known}`,
      );
    }
    if (operation.signed && !req.headers.authorization) {
      throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', 403);
    }
    const input = await readInput(req);
    const other = Object.keys(input).find((key) => !operation.accepts.includes(key) && input[key] != null);
    if (other !== undefined) {
      const message = `The local cloud does not support the parameter ${printable(other).slice(0, 100)} of ${name}`;
      throw new AwsError('InvalidParameterException', message);
    }
    sendJson(res, operation.run(cloud, input), 200, 'application/x-amz-json-1.1');
  };
}
