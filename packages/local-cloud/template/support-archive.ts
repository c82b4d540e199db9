// The properties that the local cloud supports of delivery streams and of the buckets that they fill.

import { checkedBy, flag, oneOf, type ResourceSupport, text, unchecked, whole } from './property-check.ts';

const TAGS = { 'Tags.**': 'tags are for billing, which the local cloud does not have' };
const PERMISSIONS = 'only the permissions of functions, browsers and devices apply on one machine';
const ENCRYPTION = 'data is on your own disk; encrypt the disk';
const LOGS = 'logs are files under the data directory';
const COST = 'one machine has one kind of storage';
const QUERIES = 'Athena does not run here; read the files in the bucket with any engine, such as DuckDB';
const BACKUP = 'records are written once, after their processing';

const DESTINATION = 'ExtendedS3DestinationConfiguration';

export const archive: Readonly<Record<string, ResourceSupport>> = {
  'AWS::KinesisFirehose::DeliveryStream': {
    properties: {
      honours: {
        DeliveryStreamName: text,
        DeliveryStreamType: oneOf('DirectPut'),
        [`${DESTINATION}.BucketARN`]: text,
        [`${DESTINATION}.BufferingHints.SizeInMBs`]: whole(1, 128),
        [`${DESTINATION}.BufferingHints.IntervalInSeconds`]: whole(0, 900),
        [`${DESTINATION}.CompressionFormat`]: oneOf('UNCOMPRESSED', 'GZIP'),
        [`${DESTINATION}.Prefix`]: text,
        [`${DESTINATION}.ErrorOutputPrefix`]: text,
        [`${DESTINATION}.FileExtension`]: text,
        [`${DESTINATION}.CustomTimeZone`]: text,
        [`${DESTINATION}.DynamicPartitioningConfiguration.Enabled`]: flag,
        [`${DESTINATION}.ProcessingConfiguration.**`]: checkedBy('Firehose'),
      },
      ignores: {
        'DeliveryStreamEncryptionConfigurationInput.**': ENCRYPTION,
        [`${DESTINATION}.RoleARN`]: PERMISSIONS,
        [`${DESTINATION}.DynamicPartitioningConfiguration.RetryOptions.**`]:
          'partitions are computed on this machine, so nothing is retried',
        [`${DESTINATION}.S3BackupMode`]: BACKUP,
        [`${DESTINATION}.S3BackupConfiguration.**`]: BACKUP,
        [`${DESTINATION}.CloudWatchLoggingOptions.**`]: LOGS,
        [`${DESTINATION}.EncryptionConfiguration.**`]: ENCRYPTION,
        ...TAGS,
      },
      required: [`${DESTINATION}.BucketARN`],
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
        'LifecycleConfiguration.Rules.*.Transitions.**': COST,
        'LifecycleConfiguration.Rules.*.NoncurrentVersionTransitions.**': COST,
        AccessControl: 'the port listens on loopback only',
        'BucketEncryption.**': ENCRYPTION,
        'OwnershipControls.**': 'one machine has one owner',
        ObjectLockEnabled: 'requests that lock objects are refused here',
        'PublicAccessBlockConfiguration.**': 'the port listens on loopback only',
        'MetricsConfigurations.**': 'the AWS port counts its own calls',
      },
    },
  },
  'AWS::S3::BucketPolicy': unchecked(PERMISSIONS),
  'AWS::Glue::Database': unchecked(QUERIES),
  'AWS::Glue::Table': unchecked(QUERIES),
  'AWS::Athena::WorkGroup': unchecked(QUERIES),
  'AWS::Athena::NamedQuery': unchecked(QUERIES),
};
