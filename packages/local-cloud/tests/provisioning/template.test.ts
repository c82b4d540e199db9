// The language of provisioning templates: the result of each function, and what CreateProvisioningTemplate refuses.

import { beforeAll, describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { compileBody } from '../../provisioning/template.ts';
import { openTestIot } from '../iot/iot-fixture.ts';

const certificateResource = {
  Type: 'AWS::IoT::Certificate',
  Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' } },
};
const Parameters = { Serial: { Type: 'String' }, Place: { Type: 'String', Default: 'Seattle' } };
const Mappings = { Urls: { Seattle: { Url: 'https://example.com/s', Ports: ['1', '2'] } } };

const compile = (parts: object) =>
  compileBody(JSON.stringify({ Parameters, Mappings, Resources: { certificateResource }, ...parts }));

describe('values', () => {
  let pem: string;
  beforeAll(async () => {
    const { iot } = await openTestIot();
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    pem = await iot.ca.issue({ publicKey: spki, subject: [{ CN: ['sensor 7'] }, { C: ['US'] }] });
  });
  const evaluate = (value: unknown, parameters: Record<string, string> = { Serial: 's1' }) =>
    compile({ DeviceConfiguration: { value } }).provision(new Map(Object.entries(parameters)), {
      id: 'id1',
      pem,
    }).deviceConfiguration['value'];
  const cases: readonly (readonly [value: unknown, result: unknown])[] = [
    ['text', 'text'],
    [{ deep: [1, true, { Ref: 'Serial' }] }, { deep: [1, true, 's1'] }],
    [{ Ref: 'Place' }, 'Seattle'],
    [{ Ref: 'AWS::IoT::Certificate::Id' }, 'id1'],
    [{ Ref: 'AWS::IoT::Certificate::CommonName' }, 'sensor 7'],
    [{ Ref: 'AWS::IoT::Certificate::Country' }, 'US'],
    [{ 'Fn::Join': ['', ['a-', { Ref: 'Serial' }]] }, 'a-s1'],
    [{ 'Fn::Join': ['/', ['a', 'b', 1]] }, 'a/b/1'],
    [{ 'Fn::Join': [',', { 'Fn::Split': ['-', 'a-b'] }] }, 'a,b'],
    [{ 'Fn::Select': [1, ['a', 'b']] }, 'b'],
    [{ 'Fn::Select': ['0', { 'Fn::Split': [',', 'x,y'] }] }, 'x'],
    [{ 'Fn::Split': [',', 'x,,y'] }, ['x', '', 'y']],
    [{ 'Fn::FindInMap': ['Urls', { Ref: 'Place' }, 'Url'] }, 'https://example.com/s'],
    [{ 'Fn::Select': [1, { 'Fn::FindInMap': ['Urls', 'Seattle', 'Ports'] }] }, '2'],
    [{ 'Fn::Sub': '${Serial} in ${ Place }, ${!Literal}' }, 's1 in Seattle, ${Literal}'],
    [{ 'Fn::Sub': ['${a}-${Serial}', { a: { Ref: 'Place' } }] }, 'Seattle-s1'],
    [{ 'Fn::Sub': '$Serial {x}' }, '$Serial {x}'],
    [JSON.parse('{"__proto__": "x", "a": "b"}'), JSON.parse('{"__proto__": "x", "a": "b"}')],
  ];
  for (const [value, result] of cases)
    it(JSON.stringify(value), () => assert.deepEqual(evaluate(value), result));

  const failures: readonly (readonly [value: unknown, problem: RegExp])[] = [
    [{ 'Fn::Select': [2, ['a', 'b']] }, /there is no item 2 in a list of 2/],
    [{ 'Fn::Select': ['-1', ['a']] }, /there is no item -1/],
    [{ 'Fn::Select': [0, [null]] }, /there is no item 0/],
    [{ 'Fn::FindInMap': ['Urls', 'Boston', 'Url'] }, /Mappings has no Urls\.Boston\.Url/],
    [{ 'Fn::FindInMap': ['__proto__', 'toString', 'name'] }, /Mappings has no/],
    [{ 'Fn::Join': ['', 'text'] }, /is not a list/],
    [{ 'Fn::Sub': ['${a}', { a: ['x'] }] }, /is not text/],
    [{ 'Fn::Split': ['', 'x'] }, /the delimiter is empty/],
    [
      { Ref: 'AWS::IoT::Certificate::Organization' },
      /parameter AWS::IoT::Certificate::Organization is missing/,
    ],
    [
      { 'Fn::Join': ['x'.repeat(9_000), Array.from({ length: 20 }, () => '')] },
      /longer than 65536 characters/,
    ],
  ];
  for (const [value, problem] of failures) {
    it(`${JSON.stringify(value).slice(0, 80)} cannot be done`, () =>
      assert.throws(() => evaluate(value), { code: 'InvalidParameters', message: problem }));
  }
  it('a parameter without a default must be given, also where nothing refers to it', () =>
    assert.throws(() => evaluate('x', {}), { message: 'parameter Serial is missing' }));
});

const thing = (properties: object, more: object = {}) => ({
  Resources: { certificateResource, thing: { Type: 'AWS::IoT::Thing', Properties: properties, ...more } },
});
const nested = (depth: number): unknown => (depth === 0 ? 'x' : [nested(depth - 1)]);

const refusals: readonly (readonly [title: string, parts: object, problem: RegExp])[] = [
  ['an unknown section', { Outputs: {} }, /Outputs: not supported by the local cloud/],
  ['no resources', { Resources: undefined }, /Resources: an object of resources/],
  [
    'no certificate',
    { Resources: {} },
    /^The template body is invalid: Template must have certificate resource.$/,
  ],
  [
    'two certificates',
    { Resources: { a: certificateResource, b: certificateResource } },
    /there is a second/,
  ],
  [
    'a certificate of a CSR',
    { Resources: { c: { ...certificateResource, Properties: { CertificateSigningRequest: 'x' } } } },
    /CertificateSigningRequest: not supported/,
  ],
  [
    'another certificate than the requested one',
    { Resources: { c: { ...certificateResource, Properties: { CertificateId: 'x' } } } },
    /must be \{"Ref"/,
  ],
  [
    'another type',
    { Resources: { x: { Type: 'AWS::S3::Bucket' } } },
    /"AWS::S3::Bucket" is not a type of resource here/,
  ],
  ['a thing without a name', thing({}), /ThingName is missing/],
  ['a billing group', thing({ ThingName: 'a', BillingGroup: 'b' }), /BillingGroup: not supported/],
  [
    'an override setting that is none',
    thing({ ThingName: 'a' }, { OverrideSettings: { ThingTypeName: 'MERGE' } }),
    /"MERGE" is not an override setting here/,
  ],
  [
    'a policy with name and document',
    {
      Resources: {
        certificateResource,
        p: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'a', PolicyDocument: {} } },
      },
    },
    /either PolicyName or PolicyDocument/,
  ],
  ['a parameter that is not declared', thing({ ThingName: { Ref: 'Nope' } }), /there is no parameter Nope/],
  [
    'a variable that is not declared',
    thing({ ThingName: { 'Fn::Sub': '${Nope}' } }),
    /there is no parameter Nope/,
  ],
  [
    'a function that does not exist',
    thing({ ThingName: { 'Fn::GetAtt': 'x' } }),
    /there is no function Fn::GetAtt/,
  ],
  [
    'a function with too few arguments',
    thing({ ThingName: { 'Fn::Join': [''] } }),
    /a list of 2 is expected/,
  ],
  [
    'a parameter of another type',
    { Parameters: { a: { Type: 'Number' } } },
    /Parameters\.a\.Type: must be String/,
  ],
  ['values nested too deep', { DeviceConfiguration: { a: nested(50) } }, /nested too deep/],
  [
    'a body that is too long',
    { DeviceConfiguration: { a: 'x'.repeat(10_240) } },
    /longer than 10240 characters/,
  ],
];
for (const [title, parts, problem] of refusals) {
  test(`refuses ${title}`, () =>
    assert.throws(() => compile(parts), { code: 'InvalidRequestException', message: problem }));
}

test('refuses a template that is not a JSON object', () => {
  for (const body of ['', '{', '[]', 'null'])
    assert.throws(() => compileBody(body), { code: 'InvalidRequestException' });
});
