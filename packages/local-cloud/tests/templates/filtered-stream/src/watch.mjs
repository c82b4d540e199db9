// Keeps the ovens that are hot: an ES module without a build.

import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';

const tables = new DynamoDBClient({});

export const handler = async ({ Records }) => {
  for (const { kinesis } of Records) {
    const { id, temperature } = JSON.parse(Buffer.from(kinesis.data, 'base64').toString());
    const Item = { id: { S: id }, temperature: { N: String(temperature) } };
    await tables.send(new PutItemCommand({ TableName: process.env.TABLE, Item }));
  }
};
