// Makes the calls that the event names, and answers with what became of each.
import { DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';

const { TABLE: TableName, BUCKET: Bucket, TOPIC: TopicArn } = process.env;
const [tables, objects, topics] = [new DynamoDBClient(), new S3Client(), new SNSClient()];
const Item = { id: { S: 'own/1' } };

const calls = {
  get: () => tables.send(new GetItemCommand({ TableName, Key: Item })),
  getOther: () => tables.send(new GetItemCommand({ TableName, Key: { id: { S: 'other/1' } } })),
  put: () => tables.send(new PutItemCommand({ TableName, Item })),
  scan: () => tables.send(new ScanCommand({ TableName })),
  missing: () => objects.send(new GetObjectCommand({ Bucket, Key: 'nothing' })),
  publish: () => topics.send(new PublishCommand({ TopicArn, Message: 'news' })),
};

export const handler = async (names) => {
  const results = {};
  for (const name of names)
    results[name] = await calls[name]().then(
      () => 'done',
      (error) => `${error.name} ${error.$metadata.httpStatusCode}: ${error.message}`,
    );
  return results;
};
