// Functions of the template, as the Lambda service gets them.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { functionsOf } from '../../template/functions.ts';
import { indent, withTemplate } from './fixture.ts';

const files = {
  'ingest.ts': 'export const handler = () => {};',
  'sweep.js': 'export const handler = () => {};',
};

const template = (
  properties: string,
  metadata = 'BuildMethod: esbuild\n',
  globals = '',
) => `${globals}Resources:
  Bucket: { Type: AWS::S3::Bucket }
  Ingest:
    Type: AWS::Serverless::Function
    Metadata:
${indent(metadata, 6)}    Properties:
      Runtime: nodejs24.x
${indent(properties, 6)}`;

const specOf = (properties: string, metadata?: string, globals?: string) =>
  withTemplate(template(properties, metadata, globals), { files }, (loaded) => functionsOf(loaded)[0]!);

test('a function gets the defaults of Lambda and of the SAM build', () => {
  const { entryPoint, ...spec } = specOf('Handler: ingest.handler\n');
  assert.equal(basename(entryPoint), 'ingest.ts');
  assert.match(spec.declaredAt, /template\.yaml:3$/);
  assert.deepEqual(
    { ...spec, declaredAt: '' },
    {
      logicalId: 'Ingest',
      name: 'tidegate-Ingest',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:tidegate-Ingest',
      handlerFile: 'ingest',
      handlerName: 'handler',
      runtime: 'nodejs24.x',
      role: 'arn:aws:iam::000000000000:role/tidegate-IngestRole',
      environment: {},
      timeoutSeconds: 3,
      memoryMb: 128,
      build: {
        format: 'cjs',
        target: 'es2020',
        minify: true,
        sourcemap: false,
        splitting: false,
        sourcesContent: true,
        external: [],
        mainFields: [],
        outExtension: {},
        loader: {},
      },
      async: { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600 },
      declaredAt: '',
    },
  );
});

test('a function gets the settings of the template', () => {
  const spec = specOf(
    `Handler: sweep.handler
CodeUri: ./
FunctionName: sweeper
MemorySize: 512
Timeout: 30
ReservedConcurrentExecutions: 2
Environment: { Variables: { LIMIT: 8, NAME: !Ref Bucket, ON: true } }
EventInvokeConfig:
  MaximumRetryAttempts: 0
  MaximumEventAgeInSeconds: 60
  DestinationConfig: { OnFailure: { Type: S3Bucket, Destination: !GetAtt Bucket.Arn } }
`,
    `BuildMethod: esbuild
BuildProperties:
  EntryPoints: [ingest.ts, sweep.js]
  Format: esm
  Target: es2024
  Minify: false
  Sourcemap: true
  External: ['@aws-sdk/*']
  MainFields: module,main
  OutExtension: [.js=.mjs]
  Loader: [.html=text]
`,
  );
  assert.equal(basename(spec.entryPoint), 'sweep.js');
  assert.deepEqual(spec.environment, { LIMIT: '8', NAME: 'tidegate-bucket', ON: 'true' });
  assert.deepEqual(
    [spec.name, spec.memoryMb, spec.timeoutSeconds, spec.reservedConcurrency],
    ['sweeper', 512, 30, 2],
  );
  assert.deepEqual(spec.async, {
    maximumRetryAttempts: 0,
    maximumEventAgeSeconds: 60,
    onFailure: { type: 's3', arn: 'arn:aws:s3:::tidegate-bucket' },
  });
  assert.deepEqual(spec.build, {
    format: 'esm',
    target: 'es2024',
    minify: false,
    sourcemap: true,
    splitting: false,
    sourcesContent: true,
    external: ['@aws-sdk/*'],
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    loader: { '.html': 'text' },
  });
});

test('Globals fill in properties that a function does not set itself', () => {
  const globals = `Globals:
  Function:
    Timeout: 20
    MemorySize: 256
    Environment: { Variables: { AA: general, BB: general } }
`;
  const spec = specOf(
    'Handler: ingest.handler\nMemorySize: 512\nEnvironment: { Variables: { BB: own } }\n',
    undefined,
    globals,
  );
  assert.deepEqual(
    [spec.timeoutSeconds, spec.memoryMb, spec.environment],
    [20, 512, { AA: 'general', BB: 'own' }],
  );
});

const refused: readonly (readonly [properties: string, metadata: string | undefined, message: string])[] = [
  [
    'Handler: missing.handler\n',
    undefined,
    'template.yaml:5: Ingest: esbuild entry point missing does not exist: create it, or correct EntryPoints',
  ],
  [
    'Handler: ingest.handler\n',
    'BuildMethod: esbuild\nBuildProperties:\n  EntryPoints: [gone.ts]\n',
    'template.yaml:8: Ingest: esbuild entry point gone.ts does not exist: create it, or correct EntryPoints',
  ],
  [
    'Handler: sweep.handler\n',
    'BuildMethod: esbuild\nBuildProperties: { EntryPoints: [ingest.ts] }\n',
    'template.yaml:10: Ingest: Handler names the file sweep, but EntryPoints build ingest: make them agree',
  ],
  ['Handler: ingest\n', undefined, 'template.yaml:9: Ingest: Handler must be of the form file.function'],
  [
    'Handler: ingest.handler\nEnvironment: { Variables: { AWS_REGION: x } }\n',
    undefined,
    'template.yaml:10: Ingest: the environment variable AWS_REGION is set by Lambda itself: choose another name',
  ],
  [
    'Handler: ingest.handler\nEnvironment: { Variables: { __proto__: x } }\n',
    undefined,
    'template.yaml:10: Ingest: __proto__ is not a name for an environment variable: use letters, digits and _',
  ],
  [
    `Handler: ingest.handler\nEnvironment: { Variables: { LONG: ${'x'.repeat(4093)} } }\n`,
    undefined,
    "template.yaml:10: Ingest: the environment has 4097 bytes, over Lambda's limit of 4096",
  ],
];

for (const [properties, metadata, message] of refused) {
  test(message.replace(/^[^ ]* Ingest: /, ''), () => {
    assert.throws(() => specOf(properties, metadata), { name: 'StartError', message });
  });
}
