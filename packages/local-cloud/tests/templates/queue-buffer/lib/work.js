// Does the jobs of a queue, each by writing an object.

const { PutObjectCommand, S3Client } = require('@aws-sdk/client-s3');

const s3 = new S3Client({});

exports.handler = async ({ Records }) => {
  for (const { body } of Records) {
    const { id } = JSON.parse(body);
    await s3.send(new PutObjectCommand({ Bucket: process.env.BUCKET, Key: `done/${id}`, Body: body }));
  }
};
