// The least that a function with a table can be: what the import of ingest is measured against.

import { DynamoDBClient, UpdateItemCommand, type UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';

const client = new DynamoDBClient({});

export const handler = (input: UpdateItemCommandInput) => client.send(new UpdateItemCommand(input));
