// Calls an engine in memory, as the table thread does, for the tests of this room.

import { openEngine, type Engine } from '../../dynamodb/engine.ts';
import { IN_MEMORY, type Database } from '../../dynamodb/store/database.ts';

export interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const options = { file: IN_MEMORY, region: 'us-east-1', accountId: '000000000000' };

export const openInMemory = (): Engine => openEngine(options);
export const engineOn = (database: Database): Engine => openEngine(options, database);

export const answerOf = (engine: Engine, operation: string, input: object) =>
  new Promise<Answered>((resolve) =>
    engine.answer(operation, JSON.stringify(input), ({ status, body }) =>
      resolve({ status, body: JSON.parse(body) as Answered['body'] }),
    ),
  );

/** @returns the answer's body. @throws an error with DynamoDB's message */
export async function call(engine: Engine, operation: string, input: object): Promise<Answered['body']> {
  const { status, body } = await answerOf(engine, operation, input);
  if (status === 200) return body;
  throw Object.assign(new Error(String(body['message'])), { name: String(body['__type']).split('#')[1] });
}
