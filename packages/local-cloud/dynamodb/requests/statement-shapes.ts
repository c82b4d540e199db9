// The shapes of requests with PartiQL statements.

import { attributeValue, boolean, integer, list, oneOf, struct, text, type Members } from './shape.ts';

const consumed = oneOf('INDEXES', 'TOTAL', 'NONE');
const given: Members = {
  Statement: text({ notNull: true, lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 8_192 }),
  Parameters: list(attributeValue, { lengthGreaterThanOrEqual: 1 }),
  ReturnValuesOnConditionCheckFailure: oneOf('ALL_OLD', 'NONE'),
};

export const statementShapes = {
  ExecuteStatement: {
    ...given,
    ConsistentRead: boolean,
    NextToken: text({ lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 32_768 }),
    ReturnConsumedCapacity: consumed,
    Limit: integer({ greaterThanOrEqual: 1 }),
  },
  BatchExecuteStatement: {
    Statements: list(struct('BatchStatementRequest', { ...given, ConsistentRead: boolean }), {
      notNull: true,
      lengthGreaterThanOrEqual: 1,
      lengthLessThanOrEqual: 25,
    }),
    ReturnConsumedCapacity: consumed,
  },
  ExecuteTransaction: {
    TransactStatements: list(struct('ParameterizedStatement', given), {
      notNull: true,
      lengthGreaterThanOrEqual: 1,
      lengthLessThanOrEqual: 100,
    }),
    ClientRequestToken: text({ lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 36 }),
    ReturnConsumedCapacity: consumed,
  },
} as const satisfies Readonly<Record<string, Members>>;
