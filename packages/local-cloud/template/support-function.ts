// The properties that the local cloud supports of functions and their layers.

import { checkedBy, flag, oneOf, type ResourceSupport, text, unchecked, whole } from './property-check.ts';
import { routeProperties } from './support-http-api.ts';
import { queueEventProperties } from './support-queue.ts';

const TAGS = { 'Tags.**': 'tags are for billing, which the local cloud does not have' };
const PERMISSIONS = 'only the permissions of functions, browsers and devices apply on one machine';
const ENCRYPTION = 'data is on your own disk; encrypt the disk';
const LOGS = 'logs are files under the data directory';

/** All run on the Node version of the local cloud. */
const RUNTIMES = ['nodejs24.x', 'nodejs22.x', 'nodejs20.x', 'nodejs18.x'] as const;

const VARIABLES = 'Environment.Variables.*';
const BUILD = 'BuildProperties';

export const lambda: Readonly<Record<string, ResourceSupport>> = {
  'AWS::Serverless::Function': {
    properties: {
      honours: {
        FunctionName: text,
        CodeUri: text,
        InlineCode: text,
        Handler: text,
        Runtime: oneOf(...RUNTIMES),
        PackageType: oneOf('Zip'),
        'Layers.*': text,
        Role: text,
        'Policies.**': checkedBy('the roles of functions'),
        PermissionsBoundary: text,
        MemorySize: whole(128, 10_240),
        Timeout: whole(1, 900),
        ReservedConcurrentExecutions: whole(0, 10_000),
        [VARIABLES]: text,
        'EventInvokeConfig.MaximumRetryAttempts': whole(0, 2),
        'EventInvokeConfig.MaximumEventAgeInSeconds': whole(60, 21_600),
        'EventInvokeConfig.DestinationConfig.OnFailure.Type': oneOf('S3Bucket', 'SNS', 'SQS', 'Lambda'),
        'EventInvokeConfig.DestinationConfig.OnFailure.Destination': text,
        'Events.*.Type': oneOf('HttpApi', 'SQS'),
        ...routeProperties,
        ...queueEventProperties,
      },
      ignores: {
        Description: 'it is a text for people',
        'Architectures.*': 'functions run on the processor of this machine',
        'VpcConfig.**': 'functions reach what this machine reaches',
        KmsKeyArn: ENCRYPTION,
        PropagateTags: 'tags are for billing, which the local cloud does not have',
        'LoggingConfig.**': LOGS,
        Tracing: 'there is no X-Ray here',
        'EphemeralStorage.Size':
          'functions write to the temporary folder of this machine, without this limit',
        ...TAGS,
      },
      required: ['Handler', 'Runtime'],
    },
    metadata: {
      honours: {
        BuildMethod: oneOf('esbuild', ...RUNTIMES),
        [`${BUILD}.EntryPoints.*`]: text,
        [`${BUILD}.External.*`]: text,
        [`${BUILD}.Format`]: oneOf('cjs', 'esm'),
        [`${BUILD}.Loader.*`]: text,
        [`${BUILD}.MainFields`]: text,
        [`${BUILD}.Minify`]: flag,
        [`${BUILD}.OutExtension.*`]: text,
        [`${BUILD}.Sourcemap`]: flag,
        [`${BUILD}.SourcesContent`]: flag,
        [`${BUILD}.Splitting`]: flag,
        [`${BUILD}.Target`]: text,
      },
      ignores: { 'cfn-lint.**': 'it is for the linter', 'cfn_nag.**': 'it is for the linter' },
    },
  },
  'AWS::Serverless::LayerVersion': {
    properties: {
      honours: { LayerName: text, ContentUri: text },
      ignores: {
        Description: 'it is a text for people',
        LicenseInfo: 'it is a text for people',
        'CompatibleRuntimes.*': 'functions here run on one version of Node',
        'CompatibleArchitectures.*': 'functions run on the processor of this machine',
        RetentionPolicy: 'the folder is read where it is',
      },
      required: ['ContentUri'],
    },
    metadata: { honours: { BuildMethod: oneOf(...RUNTIMES) }, ignores: {} },
  },
  'AWS::Lambda::LayerVersionPermission': unchecked(PERMISSIONS),
  'AWS::Logs::LogGroup': unchecked(LOGS),
  'AWS::Logs::LogStream': unchecked(LOGS),
};
