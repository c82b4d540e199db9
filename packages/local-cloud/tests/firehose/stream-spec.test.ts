// The delivery streams of the template, and the properties that the local cloud refuses.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { streamsFromTemplate } from '../../firehose/stream-spec.ts';
import { loadSample, withTemplate } from '../template/fixture.ts';

/** A template whose destination begins in line 8. */
function withDestination(destination: string): string {
  const lines = destination.split('\n').map((line) => `        ${line}`);
  return [
    'Resources:',
    '  Raw:',
    '    Type: AWS::S3::Bucket',
    '  Stream:',
    '    Type: AWS::KinesisFirehose::DeliveryStream',
    '    Properties:',
    '      ExtendedS3DestinationConfiguration:',
    ...lines,
    '',
  ].join('\n');
}
const read = (destination: string) => withTemplate(withDestination(destination), {}, streamsFromTemplate);

describe('a delivery stream', () => {
  it('has the defaults of AWS', () => {
    const [stream] = read('BucketARN: !GetAtt Raw.Arn');
    assert.deepEqual([stream!.bufferBytes, stream!.bufferMs, stream!.gzip], [5_242_880, 300_000, false]);
  });
  it('has the buffers, the bucket and the compression that the template says', () => {
    const template = loadSample({ Compression: 'GZIP' });
    const [stream] = streamsFromTemplate(template);
    assert.equal(stream!.bucket, template.resources.get('RawBucket')?.name);
    assert.deepEqual([stream!.bufferBytes, stream!.bufferMs, stream!.gzip], [1_048_576, 60_000, true]);
  });
  const cases: [string, string][] = [
    [
      "BucketARN: !GetAtt Raw.Arn\nPrefix: 'raw/!{timestamp:YYYY}/'",
      'template.yaml:9: Stream: Prefix: the time pattern has "YYYY" in "YYYY" is not supported by the local cloud',
    ],
    [
      "BucketARN: !GetAtt Raw.Arn\nPrefix: 'raw/!{timestamp:yyyy}/'",
      'template.yaml:9: Stream: AWS demands an ErrorOutputPrefix where Prefix has expressions',
    ],
  ];
  for (const [destination, message] of cases) {
    it(`is refused: ${message}`, () =>
      assert.throws(() => read(destination), { name: 'StartError', message }));
  }
});
