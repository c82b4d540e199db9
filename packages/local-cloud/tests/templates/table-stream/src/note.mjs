// Keeps what each change was; a kiln called "broken" makes it fail.
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';

const client = new DynamoDBClient({});

export const handler = async ({ Records }) => {
  for (const { eventName, dynamodb } of Records) {
    const { Keys, NewImage, OldImage } = dynamodb;
    if (Keys.id.S === 'broken') throw new Error('broken');
    const was = OldImage ? OldImage.temperature.N : 'nothing';
    const id = { S: `${Keys.id.S} ${eventName} ${was} ${NewImage.temperature.N}` };
    await client.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { id } }));
  }
};
