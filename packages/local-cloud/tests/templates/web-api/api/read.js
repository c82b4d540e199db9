// Answers with one device: an ES module by the package.json beside it.

import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { notFound } from './answers.js';

const tables = new DynamoDBClient({});

export async function get({ routeKey, pathParameters }) {
  if (routeKey === '$default') return notFound;
  const Key = { id: { S: pathParameters.id } };
  const { Item } = await tables.send(new GetItemCommand({ TableName: process.env.TABLE, Key }));
  return Item ? { battery: Number(Item.battery.N) } : notFound;
}
