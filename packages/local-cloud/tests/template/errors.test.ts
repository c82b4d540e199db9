// Broken templates: each stops the start with one line that names the place and the remedy.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { loadTemplate } from '../../template/load.ts';
import { assertRefused, load, stackDefaults } from './fixture.ts';

const bucket = '  Bucket: { Type: AWS::S3::Bucket }\n';
const sections =
  'AWSTemplateFormatVersion, Transform, Description, Metadata, Parameters, Rules, Mappings, Conditions, Globals, Resources, Outputs';
const attributes = 'Type, Condition, DependsOn, Properties, Metadata, DeletionPolicy, UpdateReplacePolicy';

const broken: readonly (readonly [title: string, text: string | Uint8Array, message: string])[] = [
  ['an empty file', '', 'template.yaml: is empty: a template has at least a Resources section'],
  ['comments only', '# nothing\n', 'template.yaml: is empty: a template has at least a Resources section'],
  ['a list', '- a\n', 'template.yaml:1: a template must be a mapping, not a list'],
  ['a word', 'hello\n', 'template.yaml:1: a template must be a mapping, not a scalar'],
  ['bytes that are not UTF-8', Uint8Array.of(0x41, 0xff, 0xfe), 'template.yaml: is not UTF-8 text'],
  [
    'a tab as indentation',
    'Resources:\n\tBucket: {}\n',
    'template.yaml:2:1: a tab is used for indentation, which YAML forbids: use spaces',
  ],
  [
    'a key that appears twice',
    `Resources:\n${bucket}${bucket}`,
    'template.yaml:3:3: the same key appears twice in one mapping: remove one of them',
  ],
  [
    'a quote that is not closed',
    'Resources:\n  A: "x\n',
    'template.yaml:3:1: a closing quote, bracket or comma is missing',
  ],
  [
    'a second document',
    `Resources:\n${bucket}---\nb: 1\n`,
    'template.yaml:3:1: a second document starts here: a template is one document, remove the --- line',
  ],
  [
    'a YAML alias',
    `Description: &x text\nResources:\n  A: *x\n`,
    'template.yaml:3: CloudFormation knows no YAML aliases: write the value out',
  ],
  [
    'a key without a value',
    'Resources:\n',
    'template.yaml:1: a value is missing here: give one, or remove the key',
  ],
  [
    'an explicit null',
    'Resources: null\n',
    'template.yaml:1: a value is missing here: give one, or remove the key',
  ],
  [
    'nesting without end',
    `Resources: ${'['.repeat(80)}${']'.repeat(80)}\n`,
    'template.yaml:1: nested deeper than 64 levels, which no template needs',
  ],
  ['no Resources', 'Description: x\n', 'template.yaml:1: there is no Resources section'],
  [
    'Resources that are a list',
    'Resources: [a]\n',
    'template.yaml:1: Resources must be a mapping, not a list',
  ],
  [
    'an unknown section',
    `Resorces:\n${bucket}`,
    `template.yaml:1: a template has no Resorces: it may have ${sections}`,
  ],
  [
    'a merge key',
    `Resources:\n${bucket}<<: { A: b }\n`,
    `template.yaml:3: a template has no <<: it may have ${sections}`,
  ],
  [
    'another transform',
    `Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]\nResources: {}\n`,
    'template.yaml:1: transform AWS::LanguageExtensions is not supported by the local cloud: use AWS::Serverless-2016-10-31 alone',
  ],
  [
    'globals of something else',
    `Globals: { Api: {} }\nResources:\n${bucket}`,
    'template.yaml:1: Globals has no Api: it may have Function, HttpApi, SimpleTable',
  ],
  ['a resource without a type', 'Resources:\n  A: {}\n', 'template.yaml:2: A needs a Type'],
  [
    'a logical id with a slash',
    'Resources:\n  ../A: {}\n',
    'template.yaml:2: "../A" is not a logical id: use letters and digits only',
  ],
  [
    'a resource type that is not supported',
    'Resources:\n  Queue:\n    Type: AWS::Batch::JobQueue\n',
    'template.yaml:3: Queue: resource type AWS::Batch::JobQueue is not supported by the local cloud: remove it, or run this template on AWS',
  ],
  [
    'a resource type of a prototype',
    'Resources:\n  A: { Type: constructor }\n',
    'template.yaml:2: A: resource type constructor is not supported by the local cloud: remove it, or run this template on AWS',
  ],
  [
    'an unknown attribute of a resource',
    'Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Propertys: {}\n',
    `template.yaml:4: A has no Propertys: it may have ${attributes}`,
  ],
  [
    'a dependency on nothing',
    'Resources:\n  A:\n    Type: AWS::S3::Bucket\n    DependsOn: [B]\n',
    'template.yaml:4: A depends on B, which is not a resource here',
  ],
  [
    'a name that AWS refuses',
    'Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: ../Up\n',
    String.raw`template.yaml:5: A is called "../Up", which AWS refuses: it must match ^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`,
  ],
  [
    'two resources of one name',
    'Resources:\n  A: { Type: AWS::S3::Bucket, Properties: { BucketName: one-name } }\n  B: { Type: AWS::S3::Bucket, Properties: { BucketName: one-name } }\n',
    'template.yaml:3: B has the name of A, one-name: rename one of them',
  ],
  [
    'resources that refer to each other in a circle',
    "Resources:\n  A: { Type: AWS::SNS::Topic, Properties: { DisplayName: !Ref B } }\n  B: { Type: AWS::SNS::Topic, Properties: { DisplayName: !Sub '${C}' } }\n  C: { Type: AWS::SNS::Topic, DependsOn: A }\n",
    'template.yaml:4: resources need each other in a circle: A -> B -> C -> A',
  ],
  [
    'a resource that refers to itself',
    'Resources:\n  A: { Type: AWS::SNS::Topic, Properties: { DisplayName: !Ref A } }\n',
    'template.yaml:2: resources need each other in a circle: A -> A',
  ],
  [
    'names that need each other in a circle',
    'Resources:\n  A: { Type: AWS::SNS::Topic, Properties: { TopicName: !GetAtt B.TopicName } }\n  B: { Type: AWS::SNS::Topic, Properties: { TopicName: !GetAtt A.TopicName } }\n',
    "template.yaml:2: resources need each other's names in a circle: A -> B -> A\n" +
      "template.yaml:3: resources need each other's names in a circle: B -> A -> B",
  ],
  [
    'conditions that need each other in a circle',
    'Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\nResources: {}\n',
    'template.yaml:2: conditions need each other in a circle: A -> B -> A',
  ],
  [
    'a condition on a resource',
    'Conditions:\n  A: !Equals [!Ref B, x]\nResources:\n  B: { Type: AWS::SNS::Topic }\n',
    'template.yaml:2: Conditions refer to parameters only, and B is not one: declare it under Parameters',
  ],
  [
    'a condition that is a word',
    'Conditions:\n  A: true\nResources: {}\n',
    'template.yaml:2: is not a condition: use Fn::Equals, Fn::Not, Fn::And, Fn::Or or Condition',
  ],
  [
    'a condition of a resource that does not exist',
    'Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Condition: Missing\n',
    'template.yaml:4: there is no condition Missing: Conditions has none',
  ],
  [
    'a reference to a resource that is left out',
    'Conditions: { No: !Equals [a, b] }\nResources:\n  A: { Type: AWS::SNS::Topic, Condition: No }\n  B:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: !GetAtt A.TopicName\n',
    'template.yaml:7: refers to A, which is not created because condition No is false: use Fn::If',
  ],
  [
    'an output without a value',
    'Resources: {}\nOutputs:\n  A: { Description: x }\n',
    'template.yaml:3: output A needs a Value',
  ],
];

for (const [title, text, message] of broken) {
  test(`${title} is refused by line`, () => assertRefused(text, message));
}

test('a file that does not exist is named', () => {
  const options = { ...stackDefaults, samconfigFile: 'none.toml', environment: 'local', overrides: {} };
  assert.throws(() => loadTemplate({ ...options, file: 'no-such.yaml' }), {
    name: 'StartError',
    message: 'no-such.yaml: no such file: start where template.yaml is, or name one with --template',
  });
  assert.throws(() => loadTemplate({ ...options, file: 'tests' }), {
    name: 'StartError',
    message: 'tests: cannot be read (EISDIR): check that it is a file and its permissions',
  });
});

test('a file over the limit of CloudFormation is refused', () => {
  const text = `Description: ${'x'.repeat(1024 * 1024)}\n`;
  assertRefused(text, 'template.yaml: is larger than 1 MiB, the limit of CloudFormation');
});

test('very deep nesting is refused, not a crash', () => {
  assert.throws(() => load(`Resources: ${'['.repeat(100_000)}`), { name: 'StartError' });
  assert.throws(() => load(`Resources: ${'{a: '.repeat(20_000)}`), { name: 'StartError' });
});

test('keys of prototypes are ordinary keys', () => {
  const template = load(
    'Resources:\n  constructor: { Type: AWS::SNS::Topic }\n  Role:\n    Type: AWS::IAM::Role\n    Properties: { __proto__: { polluted: true }, toString: x }\n',
  );
  assert.equal(template.resources.get('constructor')?.name, 'tidegate-constructor');
  assert.equal(Object.hasOwn(template.resources.get('Role')!.properties, '__proto__'), true);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

test('all problems of resources and outputs are reported at once, a line each', () => {
  assertRefused(
    [
      'Resources:',
      '  Raw:',
      '    Type: AWS::S3::Bucket',
      '    Properties: { Colour: red, BucketName: !Ref Nobody }',
      '  Alerts:',
      '    Type: AWS::SNS::Topic',
      '    Properties:',
      '      Colour: blue',
      '      Size: 7',
      'Outputs:',
      '  A: { Value: !GetAtt Raw.Colour }',
      '  B: { Value: !Ref Raw }',
    ].join('\n'),
    [
      'template.yaml:4: there is no parameter or resource Nobody in this template: check the name',
      'template.yaml:8: Alerts: property Colour is not supported by the local cloud: remove it, or run this template on AWS',
      'template.yaml:9: Alerts: property Size is not supported by the local cloud: remove it, or run this template on AWS',
    ].join('\n'),
  );
});

test('resources of unsupported types are reported at once', () => {
  assertRefused(
    'Resources:\n  A: { Type: AWS::Batch::JobQueue }\n  B: { Type: AWS::RDS::DBInstance }',
    [
      'template.yaml:2: A: resource type AWS::Batch::JobQueue is not supported by the local cloud: remove it, or run this template on AWS',
      'template.yaml:3: B: resource type AWS::RDS::DBInstance is not supported by the local cloud: remove it, or run this template on AWS',
    ].join('\n'),
  );
});
