// What the local cloud honours of delivery streams and of the buckets that they fill.

import { checkedBy, flag, oneOf, type ResourceSupport, text, unchecked, whole } from './property-check.ts';

const tags = { 'Tags.**': 'nobody bills one machine by tag' };
const permissions = 'only the permissions of functions, browsers and devices apply on one machine';
const encryption = 'data lies on your own disk; encrypt the disk';
const logs = 'logs are files under the data directory';
const cost = 'one machine has one kind of storage';
const queries = 'Athena does not run here; read the files in the bucket with any engine, such as DuckDB';
const backup = 'records are written once, as their processing leaves them';

const destination = 'ExtendedS3DestinationConfiguration';

export const archive: Readonly<Record<string, ResourceSupport>> = {
  'AWS::KinesisFirehose::DeliveryStream': {
    properties: {
      honours: {
        DeliveryStreamName: text,
        DeliveryStreamType: oneOf('DirectPut'),
        [`${destination}.BucketARN`]: text,
        [`${destination}.BufferingHints.SizeInMBs`]: whole(1, 128),
        [`${destination}.BufferingHints.IntervalInSeconds`]: whole(0, 900),
        [`${destination}.CompressionFormat`]: oneOf('UNCOMPRESSED', 'GZIP'),
        [`${destination}.Prefix`]: text,
        [`${destination}.ErrorOutputPrefix`]: text,
        [`${destination}.FileExtension`]: text,
        [`${destination}.CustomTimeZone`]: text,
        [`${destination}.DynamicPartitioningConfiguration.Enabled`]: flag,
        [`${destination}.ProcessingConfiguration.**`]: checkedBy('Firehose'),
      },
      ignores: {
        'DeliveryStreamEncryptionConfigurationInput.**': encryption,
        [`${destination}.RoleARN`]: permissions,
        [`${destination}.DynamicPartitioningConfiguration.RetryOptions.**`]:
          'nothing has to be repeated: partitions are found on this machine',
        [`${destination}.S3BackupMode`]: backup,
        [`${destination}.S3BackupConfiguration.**`]: backup,
        [`${destination}.CloudWatchLoggingOptions.**`]: logs,
        [`${destination}.EncryptionConfiguration.**`]: encryption,
        ...tags,
      },
      required: [`${destination}.BucketARN`],
    },
  },
  'AWS::S3::Bucket': {
    properties: {
      honours: {
        BucketName: text,
        'Tags.*.Key': text,
        'Tags.*.Value': text,
        'NotificationConfiguration.**': checkedBy('S3'),
        'VersioningConfiguration.Status': oneOf('Enabled', 'Suspended'),
        'LifecycleConfiguration.Rules.*.Id': text,
        'LifecycleConfiguration.Rules.*.Status': oneOf('Enabled', 'Disabled'),
        'LifecycleConfiguration.Rules.*.Prefix': text,
        'LifecycleConfiguration.Rules.*.ExpirationInDays': whole(1, 36500),
        'LifecycleConfiguration.Rules.*.NoncurrentVersionExpiration.NoncurrentDays': whole(1, 36500),
        'LifecycleConfiguration.Rules.*.AbortIncompleteMultipartUpload.DaysAfterInitiation': whole(1, 36500),
      },
      ignores: {
        'LifecycleConfiguration.Rules.*.Transitions.**': cost,
        'LifecycleConfiguration.Rules.*.NoncurrentVersionTransitions.**': cost,
        AccessControl: 'the port listens on loopback only',
        'BucketEncryption.**': encryption,
        'OwnershipControls.**': 'one machine has one owner',
        ObjectLockEnabled: 'locks of objects are refused here, so that there are none',
        'PublicAccessBlockConfiguration.**': 'the port listens on loopback only',
        'MetricsConfigurations.**': 'the AWS port counts its own calls',
      },
    },
  },
  'AWS::S3::BucketPolicy': unchecked(permissions),
  'AWS::Glue::Database': unchecked(queries),
  'AWS::Glue::Table': unchecked(queries),
  'AWS::Athena::WorkGroup': unchecked(queries),
  'AWS::Athena::NamedQuery': unchecked(queries),
};
