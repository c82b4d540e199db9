// The tags of tables: TagResource, UntagResource and ListTagsOfResource, by the table's ARN.

import { DynamoError, notFound, validationError } from '../error.ts';
import type { Table } from '../store/table.ts';
import type { Answer, Context } from './context.ts';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

interface Request {
  readonly ResourceArn?: string;
  readonly Tags?: readonly Tag[];
  readonly TagKeys?: readonly string[];
}

const ANY_ARN = /^.+:.+:.+:.+:.+:.+\/.+$/;
const TABLE_ARN = /^arn:aws:dynamodb:.+:\d+:table\/([^/]{3,})$/;
const MAX_TAGS = 50;

export const tagsOf = (tags: readonly Tag[]) =>
  Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));

/** @throws ValidationException for a tag without a key or a value, a key given twice, and too many */
export function checkTags(tags: readonly Tag[]): void {
  for (const { Key: key, Value: value } of tags) {
    if (!key || value === undefined)
      throw validationError('One or more parameter values were invalid: each tag needs a Key and a Value');
  }
  if (new Set(tags.map(({ Key: key }) => key)).size < tags.length)
    throw validationError('One or more parameter values were invalid: Duplicate tag keys are not allowed');
  if (tags.length > MAX_TAGS)
    throw validationError(`One or more parameter values were invalid: a table has at most ${MAX_TAGS} tags`);
}

const missing = (name: string) =>
  validationError(
    `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`,
  );

/** @throws AccessDeniedException, ValidationException or ResourceNotFoundException */
function tableOf(
  { tables, accountId }: Context,
  operation: string,
  request: Request,
  missingName?: string,
): Table {
  const { ResourceArn: arn } = request;
  if (arn === undefined) throw validationError('Invalid TableArn');
  if (!ANY_ARN.test(arn)) {
    const user = `arn:aws:iam::${accountId}:root`;
    const message = `User: ${user} is not authorized to perform: dynamodb:${operation} on resource: ${arn || '*'}`;
    throw new DynamoError('AccessDeniedException', message);
  }
  if (missingName !== undefined) throw missing(missingName);
  const name = TABLE_ARN.exec(arn)?.[1];
  if (name === undefined)
    throw validationError(`Invalid TableArn: Invalid ResourceArn provided as input ${arn}`);
  const table = tables.find(name);
  if (!table) throw notFound(`Requested resource not found: ResourcArn: ${arn} not found`);
  return table;
}

export function tagResource(context: Context, request: Request): Answer {
  const { Tags: tags } = request;
  const table = tableOf(context, 'TagResource', request, tags ? undefined : 'tags');
  if (tags!.length === 0) throw validationError('Atleast one Tag needs to be provided as Input.');
  checkTags(tags!);
  const all = { ...context.tables.tagsOf(table), ...tagsOf(tags!) };
  checkTags(Object.entries(all).map(([Key, Value]) => ({ Key, Value })));
  context.tables.setTags(table, all);
  return {};
}

export function untagResource(context: Context, request: Request): Answer {
  const { TagKeys: keys } = request;
  const table = tableOf(context, 'UntagResource', request, keys ? undefined : 'tagKeys');
  if (keys!.length === 0) throw validationError('Atleast one Tag Key needs to be provided as Input.');
  const kept = Object.entries(context.tables.tagsOf(table)).filter(([key]) => !keys!.includes(key));
  context.tables.setTags(table, Object.fromEntries(kept));
  return {};
}

export function listTagsOfResource(context: Context, request: Request): Answer {
  const tags = context.tables.tagsOf(tableOf(context, 'ListTagsOfResource', request));
  const keys = Object.keys(tags).sort();
  return { Tags: keys.map((key) => ({ Key: key, Value: tags[key] })) };
}
