// Permissions on functions: what a client may add, and what is refused.

import { beforeEach, expect, test } from '@jest/globals';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { AwsError } from '../../aws-error.ts';
import { openLambdaPermissions } from '../../lambda/permissions-api.ts';
import { silentLog } from '../../log.ts';
import { createRecordingLog, serve } from '../aws/local-cloud.ts';
import { functionsOf, type FunctionSpec } from '../../template/functions.ts';
import { loadTemplate } from '../../template/load.ts';
import { stackDefaults } from '../template/fixture.ts';

const template = loadTemplate({
  ...{ ...stackDefaults, environment: 'local', overrides: {} },
  file: path.join(import.meta.dirname, '../templates/tutorial/template.yaml'),
  samconfigFile: path.join(import.meta.dirname, 'none.toml'),
});
const [{ name }] = functionsOf(template) as [FunctionSpec];
const statement = { StatementId: 'rule', Action: 'lambda:InvokeFunction', Principal: 'iot.amazonaws.com' };

let url: string;
beforeEach(async () => {
  const rest = () => {
    throw new AwsError('UnsupportedOperation', 'Not a permission', 501);
  };
  const { handler, close } = await openLambdaPermissions(rest, {
    ...{ dir: temporaryFolder(), template, log: silentLog },
  });
  const server = await serve({ lambda: handler }, createRecordingLog());
  cleanup(async () => {
    await server.close();
    await close();
  });
  ({ url } = server);
});

async function call(method: string, rest: string, body?: string) {
  const response = await fetch(`${url}/2015-03-31/functions/${rest}`, {
    method,
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/lambda/aws4_request' },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  return `${response.status} ${response.headers.get('x-amzn-errortype') ?? ''} ${text}`;
}

const bodies: readonly (readonly [string, RegExp])[] = [
  ['null', /^400 InvalidRequestContentException/],
  ['[]', /^400 InvalidRequestContentException/],
  ['{', /^400 InvalidRequestContentException/],
  [
    JSON.stringify({ ...statement, StatementId: 5 }),
    /^400 InvalidParameterValueException.*StatementId must be a string/,
  ],
  [
    JSON.stringify({ ...statement, Principal: {} }),
    /^400 InvalidParameterValueException.*Principal must be a string/,
  ],
  [
    JSON.stringify({ ...statement, SourceArn: ['a'] }),
    /^400 InvalidParameterValueException.*SourceArn must be a string/,
  ],
  [JSON.stringify({ ...statement, SourceArn: null }), /^201 (?!.*Condition)/],
];

test.each(bodies)('answers %s', async (body, expected) => {
  expect(await call('POST', `${name}/policy`, body)).toMatch(expected);
});

test.each([
  [name, /^200 /],
  [`arn:aws:lambda:us-east-1:000000000000:function:${name}`, /^200 /],
  [`${name}:$LATEST`, /^200 /],
  [`arn:aws:lambda:us-east-1:111111111111:function:${name}`, /^404 ResourceNotFoundException/],
  ['other', /^404 ResourceNotFoundException/],
  ['%E0', /^400 InvalidParameterValueException/],
])('finds the function of %s', async (reference, expected) => {
  await call('POST', `${name}/policy`, JSON.stringify(statement));
  expect(await call('GET', `${reference}/policy`)).toMatch(expected);
});
