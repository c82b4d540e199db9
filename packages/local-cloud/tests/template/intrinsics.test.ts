// Every intrinsic function, as an output of a small template.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { assertRefused, load } from './fixture.ts';

const start = `Parameters:
  Color: { Type: String, Default: red }
  Size: { Type: Number, Default: 5 }
  Sites: { Type: CommaDelimitedList, Default: 'a, b,c' }
Mappings:
  Sizes:
    red: { small: '1', list: [x, y] }
    '5': { small: 2 }
Conditions:
  IsRed: !Equals [!Ref Color, red]
  IsFive: !Equals [!Ref Size, 5]
  IsBlue: !Not [!Condition IsRed]
  Both: !And [!Condition IsRed, !Condition IsFive]
  Either: !Or [Condition: IsBlue, !Equals [a, a]]
  Lists: !Equals [[a, { b: 1 }], [a, { b: '1' }]]
Resources:
  Bucket: { Type: AWS::S3::Bucket }
  Named: { Type: AWS::S3::Bucket, Properties: { BucketName: !Sub 'named-\${Color}' } }
  Topic: { Type: AWS::SNS::Topic }
Outputs:
  Result:
    Value: `;

const values: readonly (readonly [expression: string, value: string])[] = [
  ['plain', 'plain'],
  ['1.10', '1.10'],
  ['true', 'true'],
  ['!Ref Color', 'red'],
  ['{ Ref: Color }', 'red'],
  ['!Ref Size', '5'],
  ['!Ref Bucket', 'tidegate-bucket'],
  ['!Ref Named', 'named-red'],
  ['!Ref Topic', 'arn:aws:sns:us-east-1:000000000000:tidegate-Topic'],
  ['!Ref AWS::Region', 'us-east-1'],
  ['!Ref AWS::AccountId', '000000000000'],
  ['!Ref AWS::Partition', 'aws'],
  ['!Ref AWS::StackName', 'tidegate'],
  ['!Ref AWS::URLSuffix', 'amazonaws.com'],
  ['!GetAtt Bucket.Arn', 'arn:aws:s3:::tidegate-bucket'],
  ['!GetAtt [Topic, TopicName]', 'tidegate-Topic'],
  ['{ Fn::GetAtt: [Bucket, Arn] }', 'arn:aws:s3:::tidegate-bucket'],
  ["!Sub '${Color}-${Bucket}-${Bucket.Arn}'", 'red-tidegate-bucket-arn:aws:s3:::tidegate-bucket'],
  ["!Sub '${!iot:ClientId} ${AWS::Region}'", '${iot:ClientId} us-east-1'],
  ["!Sub ['${Color} ${Other}', { Other: !Ref Size, Color: blue }]", 'blue 5'],
  ["{ Fn::Sub: 'x${Color}' }", 'xred'],
  ["!Sub 'a$b $$ {Color} ${ Color }'", 'a$b $$ {Color} red'],
  ["!Join ['-', [a, !Ref Color, 1]]", 'a-red-1'],
  ["!Join ['', !Ref Sites]", 'abc'],
  ["!Join ['+', !Split ['/', 'a//b']]", 'a++b'],
  ['!Select [1, [a, b, c]]', 'b'],
  ["!Select ['2', !Ref Sites]", 'c'],
  ['!FindInMap [Sizes, !Ref Color, small]', '1'],
  ['!FindInMap [Sizes, !Ref Size, small]', '2'],
  ["!Join [',', !FindInMap [Sizes, red, list]]", 'x,y'],
  ['!Base64 häuser', 'aMOkdXNlcg=='],
  ['!If [IsRed, yes it is, no]', 'yes it is'],
  ['!If [IsBlue, !Ref Nothing, !Ref Color]', 'red'],
  ['!If [Both, 1, 2]', '1'],
  ['!If [Either, 1, 2]', '1'],
  ['!If [Lists, same, different]', 'same'],
  ['{ Fn::If: [IsFive, { Ref: Color }, 0] }', 'red'],
];

for (const [expression, value] of values) {
  test(`${expression} gives ${value}`, () => {
    assert.equal(load(start + expression).outputs['Result'], value);
  });
}

const line = start.split('\n').length;
const refusals: readonly (readonly [expression: string, message: string])[] = [
  ['!Ref Nothing', 'there is no parameter or resource Nothing in this template: check the name'],
  ['!Ref AWS::NotificationARNs', 'the pseudo parameter AWS::NotificationARNs is not supported'],
  ['!GetAtt Bucket.Color', 'Bucket has no attribute Color here: it has RegionalDomainName, Arn'],
  ['!GetAtt Nothing.Arn', 'there is no parameter or resource Nothing in this template: check the name'],
  ['!GetAtt Bucket', 'must be written Fn::GetAtt: LogicalId.Attribute'],
  ["!Sub '${Nothing}'", 'there is no parameter or resource Nothing in this template: check the name'],
  ["!Sub 'a ${} b'", '${} in Fn::Sub names nothing'],
  ["!Sub '${Sites}'", '${Sites} in Fn::Sub is not text'],
  ["!Sub ['x']", 'must be written Fn::Sub: [text, {variable: value}]'],
  ['!Select [3, [a, b]]', 'Fn::Select 3 of a list of 2'],
  ['!Select [-1, [a, b]]', 'Fn::Select -1 of a list of 2'],
  ['!Join [a]', 'must be written Fn::Join: [delimiter, list]'],
  ["!Join ['', [[a]]]", 'each item of Fn::Join must be text, not a list'],
  ["!Split ['', abc]", 'Fn::Split needs a delimiter'],
  ['!FindInMap [Sizes, green, small]', 'there is no Sizes.green in Mappings'],
  ['!FindInMap [Sizes, __proto__, small]', 'there is no Sizes.__proto__ in Mappings'],
  [
    '!If [Nothing, a, b]',
    'there is no condition Nothing: Conditions has IsRed, IsFive, IsBlue, Both, Either, Lists',
  ],
  ['!Ref AWS::NoValue', 'output Result must be text, not AWS::NoValue'],
  [
    '!ImportValue Other',
    'Fn::ImportValue is not supported here: use one of Ref, Fn::Sub, Fn::Join, Fn::Select, Fn::Split, Fn::FindInMap, Fn::Base64, Fn::GetAtt, Fn::If',
  ],
  [
    '{ Fn::Transform: { Name: AWS::Include } }',
    'Fn::Transform is not supported here: use one of Ref, Fn::Sub, Fn::Join, Fn::Select, Fn::Split, Fn::FindInMap, Fn::Base64, Fn::GetAtt, Fn::If',
  ],
];

for (const [expression, message] of refusals) {
  test(`${expression} is refused by line`, () => {
    assertRefused(start + expression, `template.yaml:${line}: ${message}`);
  });
}

test('AWS::NoValue takes its property, and its item of a list, away', () => {
  const template = load(`Conditions: { No: !Equals [a, b] }
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !If [No, named-bucket, !Ref AWS::NoValue]
      Tags: [!If [No, { Key: a, Value: b }, !Ref AWS::NoValue], { Key: c, Value: d }]
`);
  assert.deepEqual(template.resources.get('Bucket')?.properties, { Tags: [{ Key: 'c', Value: 'd' }] });
  assert.equal(template.resources.get('Bucket')?.name, 'tidegate-bucket');
});

test('a resource whose condition is false is left out, and its dependents still work', () => {
  const template = load(`Conditions: { No: !Equals [a, b] }
Resources:
  Absent: { Type: AWS::S3::Bucket, Condition: No }
  Present: { Type: AWS::S3::Bucket, DependsOn: Absent }
Outputs:
  Absent: { Condition: No, Value: !Ref Absent }
`);
  assert.deepEqual([...template.resources.keys()], ['Present']);
  assert.deepEqual(template.outputs, {});
});
