// The smallest function that uses a table, as a baseline for the import time of ingest.

import { DynamoDBClient, UpdateItemCommand, type UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';

const client = new DynamoDBClient({});

export const handler = (input: UpdateItemCommandInput) => client.send(new UpdateItemCommand(input));
