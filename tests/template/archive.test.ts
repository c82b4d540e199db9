// The delivery stream of the real template.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { streamsFromTemplate } from '../../packages/local-cloud/firehose/stream-spec.ts';
import { settingsOf } from '../../packages/local-cloud/s3/bucket-spec.ts';
import { loadTidegate } from './tidegate-template.ts';

function realStream(overrides: Record<string, string>) {
  const template = loadTidegate(overrides);
  const [stream] = streamsFromTemplate(template);
  return { stream: stream!, template };
}

describe('the delivery stream of template.yaml', () => {
  it('buffers 5 MiB or 300 seconds into the raw bucket, uncompressed', () => {
    const { stream, template } = realStream({});
    assert.equal(stream.bucket, template.resources.get('RawBucket')?.name);
    assert.deepEqual([stream.bufferBytes, stream.bufferMs, stream.gzip], [5_242_880, 300_000, false]);
  });
  it('compresses if the parameter says so', () => {
    assert.equal(realStream({ RawCompression: 'GZIP' }).stream.gzip, true);
  });
  it('names objects by what is in them', () => {
    assert.equal(realStream({}).stream.fileExtension, '.ndjson');
    assert.equal(realStream({ RawCompression: 'GZIP' }).stream.fileExtension, '.ndjson.gz');
  });
});

describe('the buckets of template.yaml', () => {
  it('are such as the local S3 takes, with versions', () => {
    const buckets = loadTidegate().ofType('AWS::S3::Bucket');
    assert.deepEqual(
      buckets.map((bucket) => settingsOf(bucket).versioned),
      [true, true, true],
    );
  });
});
