// Permissions that clients give others on a function: kept and read back beside those of the template.
//
// They decide nothing: rules of the API may invoke every function, and those of the template need its permissions.
// https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html

import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { type AwsHandler, sendJson } from '../aws/wire.ts';
import { makeDirectory } from '../files/durable-files.ts';
import { openRecordFile } from '../files/record-file.ts';
import type { Log } from '../log.ts';
import { decodeSegment, findFunction } from './function-reference.ts';
import { functionsOf, type FunctionSpec } from '../template/functions.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';

type Statement = Readonly<Record<string, unknown>> & { readonly Sid: string };
type Statements = readonly Statement[];

const LONGEST_BODY = 65_536;
const KNOWN = [
  ...['StatementId', 'Action', 'Principal', 'SourceArn', 'SourceAccount', 'EventSourceToken', 'RevisionId'],
  ...['PrincipalOrgID', 'FunctionUrlAuthType', 'InvokedViaFunctionUrl'],
];
const PATH = /^\/2015-03-31\/functions\/([^/]+)\/policy(?:\/([^/?]+))?$/;

const invalid = (message: string) => new AwsError('InvalidParameterValueException', message);
const notFound = (message: string) => new AwsError('ResourceNotFoundException', message, 404);

function conditionOf(given: Readonly<Record<string, string | undefined>>): object {
  const { SourceAccount, SourceArn, PrincipalOrgID } = given;
  const equal = {
    ...(SourceAccount !== undefined && { 'AWS:SourceAccount': SourceAccount }),
    ...(PrincipalOrgID !== undefined && { 'aws:PrincipalOrgID': PrincipalOrgID }),
  };
  const condition = {
    ...(Object.keys(equal).length > 0 && { StringEquals: equal }),
    ...(SourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': SourceArn } }),
  };
  return Object.keys(condition).length > 0 ? { Condition: condition } : {};
}

const principalOf = (name: string): object | string =>
  name === '*' ? '*' : name.endsWith('.amazonaws.com') ? { Service: name } : { AWS: name };

type Given = Readonly<Record<string, string | undefined>>;

const statementOf = (given: Given, arn: string): Statement => ({
  ...{ Sid: given['StatementId'] ?? '', Effect: 'Allow', Principal: principalOf(given['Principal'] ?? '') },
  ...{ Action: given['Action'], Resource: arn },
  ...conditionOf(given),
});

function parse(body: string): object {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    // answered below
  }
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given;
  throw new AwsError('InvalidRequestContentException', 'The body is not a JSON object');
}

/** @throws AwsError InvalidParameterValueException */
function statementIn(body: string, arn: string): Statement {
  const members = Object.entries(parse(body)).filter(([, value]) => value !== null);
  const given = Object.fromEntries(members) as Given;
  const { StatementId = '', Action = '', Principal = '' } = given;
  const other = Object.keys(given).find((name) => !KNOWN.includes(name));
  if (other !== undefined) throw invalid(`AddPermission has no parameter ${other.slice(0, 64)}`);
  const wrong = members.find(
    ([name, value]) => name !== 'InvokedViaFunctionUrl' && typeof value !== 'string',
  );
  if (wrong) throw invalid(`${wrong[0]} must be a string`);
  if (!/^[\w-]{1,100}$/.test(StatementId))
    throw invalid('StatementId must be 1 to 100 letters, digits, - or _');
  if (!/^(lambda:[*]|lambda:[A-Za-z]+|[*])$/.test(Action))
    throw invalid('Action must be such as lambda:InvokeFunction');
  if (Principal === '') throw invalid('Principal is missing');
  return statementOf(given, arn);
}

const textOf = (value: unknown): string | undefined =>
  value === undefined || typeof value === 'string' ? value : JSON.stringify(value);

function declaredOn({ name, arn }: FunctionSpec, template: ResolvedTemplate): Statement[] {
  return template
    .ofType('AWS::Lambda::Permission')
    .filter(({ properties }) => [name, arn].includes(String(properties['FunctionName'])))
    .map(({ logicalId, properties: { Action, Principal, SourceArn, SourceAccount } }) => {
      const given = { StatementId: logicalId, Action, Principal, SourceArn, SourceAccount };
      const texts = Object.entries(given).map(([member, value]) => [member, textOf(value)] as const);
      return statementOf(Object.fromEntries(texts), arn);
    });
}

async function openPermissions(dir: string, log: Log) {
  await makeDirectory(dir);
  const file = await openRecordFile(path.join(dir, 'permissions.log'), log);
  const table = file.table<Statements>('function');
  return {
    of: (name: string): Statements => table.get(name) ?? [],
    put: (name: string, statements: Statements) =>
      file.commit([{ kind: 'function', key: name, value: statements.length > 0 ? statements : undefined }]),
    close: () => file.close(),
  };
}

interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly target: FunctionSpec;
  /** Of the statement to remove. */
  readonly id: string | undefined;
  readonly made: Awaited<ReturnType<typeof openPermissions>>;
  readonly declared: Statements;
}

const METHODS: Readonly<Record<string, (call: Call) => void | Promise<void>>> = {
  async POST({ req, res, target, made, declared }) {
    const statement = statementIn((await readBody(req, LONGEST_BODY)).toString('utf8'), target.arn);
    const own = made.of(target.name);
    if ([...declared, ...own].some(({ Sid }) => Sid === statement.Sid))
      throw new AwsError(
        'ResourceConflictException',
        `The statement id (${statement.Sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
        409,
      );
    await made.put(target.name, [...own, statement]);
    sendJson(res, { Statement: JSON.stringify(statement) }, 201);
  },
  GET({ res, target, made, declared }) {
    const all = [...declared, ...made.of(target.name)];
    if (all.length === 0) throw notFound('The resource you requested does not exist.');
    sendJson(res, { Policy: JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: all }) });
  },
  async DELETE({ res, target, id, made }) {
    const own = made.of(target.name);
    const left = own.filter(({ Sid }) => Sid !== id);
    if (left.length === own.length) throw notFound(`Statement ${id ?? ''} is not found in resource policy.`);
    await made.put(target.name, left);
    res.writeHead(204).end();
  },
};

/** The handler of Lambda, with AddPermission, GetPolicy and RemovePermission before it. */
export async function openLambdaPermissions(
  rest: AwsHandler,
  options: { readonly dir: string; readonly template: ResolvedTemplate; readonly log: Log },
): Promise<{ readonly handler: AwsHandler; readonly close: () => Promise<void> }> {
  const { dir, template, log } = options;
  const made = await openPermissions(dir, log);
  const functions = functionsOf(template);
  const handler: AwsHandler = (req, res, caller) => {
    const [location = '', search] = (req.url ?? '').split('?', 2);
    const [, reference, id] = PATH.exec(location) ?? [];
    const run = Object.hasOwn(METHODS, req.method ?? '') ? METHODS[req.method!] : undefined;
    if (reference === undefined || !run) return rest(req, res, caller);
    const qualifier = new URLSearchParams(search).get('Qualifier');
    const target = findFunction(decodeSegment(reference), qualifier, (name) =>
      functions.find((each) => each.name === name),
    );
    return run({ req, res, target, id, made, declared: declaredOn(target, template) });
  };
  return { handler, close: () => made.close() };
}
