// DynamoDB, the first version of the action: a rule's result as one attribute of an item, under keys that the action names.
// https://docs.aws.amazon.com/iot/latest/developerguide/dynamodb-rule-action.html

import { AwsError } from '../aws-error.ts';
import type { Fields } from './action-fields.ts';
import type { CompileAction } from './action.ts';
import { toAttribute, type AttributeValue } from './dynamodb-item.ts';
import type { Scope } from './scope.ts';
import type { Output } from './statement.ts';

type Key = (scope: Scope) => Record<string, AttributeValue>;

function compileKey(fields: Fields, kind: 'HashKey' | 'RangeKey'): Key {
  const isNumber = fields.choice(`${kind}Type`, ['STRING', 'NUMBER']) === 'NUMBER';
  const [nameOf, valueOf] = [fields.template(`${kind}Field`), fields.template(`${kind}Value`)];
  return (scope) => {
    const value = valueOf(scope);
    if (value === '')
      throw new AwsError('ValidationException', `${kind}Value is empty for this message: a key has a value`);
    return { [nameOf(scope)]: isNumber ? { N: value } : { S: value } };
  };
}

/** Output that is not JSON is stored as bytes. */
const payloadOf = (output: Output): AttributeValue =>
  output.kind === 'json' ? toAttribute(output.value ?? null) : { B: output.bytes.toString('base64') };

export const dynamoDb: CompileAction = (fields, targets) => {
  const tables = fields.need(targets.tables);
  const tableOf = fields.target('TableName');
  fields.choice('Operation', ['INSERT']);
  const { properties } = fields.spec;
  const hash = compileKey(fields, 'HashKey');
  const hasRange = properties['RangeKeyField'] !== undefined;
  if (!hasRange && properties['RangeKeyValue'] !== undefined)
    throw fields.refuse(
      'DynamoDB.RangeKeyValue needs RangeKeyField, the name of its attribute',
      'RangeKeyValue',
    );
  const range: Key = hasRange ? compileKey(fields, 'RangeKey') : () => ({});
  const payloadField =
    properties['PayloadField'] === undefined ? () => 'payload' : fields.template('PayloadField');
  return {
    name: 'DynamoDBAction',
    resource: fields.raw('TableName'),
    prepare({ output, scope }) {
      const item = { [payloadField(scope)]: payloadOf(output), ...hash(scope), ...range(scope) };
      const table = tableOf(scope);
      return () => tables.put(table, item);
    },
  };
};
