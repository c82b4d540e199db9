// When the domain.yaml beside a template is read, and with which values.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { loadDomain } from '../../template/domain-file.ts';
import { loadTemplate } from '../../template/load.ts';
import { stackDefaults } from './fixture.ts';

const domain = `Parameters:
  Zone: { Type: 'AWS::Route53::HostedZone::Id', AllowedPattern: '^Z[A-Z0-9]+$' }
  IotName: { Type: String, Default: '', AllowedPattern: '[a-z.]*' }
Conditions:
  HasIot: !Not [!Equals [!Ref IotName, '']]
Resources:
  Cert:
    Type: AWS::CertificateManager::Certificate
    Condition: HasIot
    Properties: { DomainName: !Ref IotName, ValidationMethod: DNS }
Outputs:
  Zone: { Value: !Ref Zone }
`;

function read(overrides: Record<string, string>, samconfig = '', text: string | null = domain) {
  const options = { ...draft(samconfig, text), overrides };
  const { domain: found, overrides: rest } = loadDomain(options);
  const names = found
    ?.ofType('AWS::CertificateManager::Certificate')
    .map(({ properties }) => properties['DomainName']);
  return { found, names, rest };
}

function draft(samconfig: string, text: string | null) {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'template.yaml'), 'Resources: { B: { Type: AWS::S3::Bucket } }\n');
  writeFileSync(path.join(folder, 'samconfig.toml'), samconfig);
  if (text !== null) writeFileSync(path.join(folder, 'domain.yaml'), text);
  return {
    ...stackDefaults,
    file: path.join(folder, 'template.yaml'),
    samconfigFile: path.join(folder, 'samconfig.toml'),
    environment: 'local',
  };
}

const inFile = '[local.domain.parameters]\nparameter_overrides = ["IotName=iot.example.com"]\n';

test('it is read when the command line sets one of its parameters, which are then not those of the template', () => {
  const { names, rest } = read({ IotName: 'iot.example.com', Other: 'x' });
  assert.deepEqual([names, rest], [['iot.example.com'], { Other: 'x' }]);
});

test('it is read when samconfig.toml sets one of its parameters, and the command line comes before', () => {
  assert.deepEqual(read({ Other: 'x' }, inFile).names, ['iot.example.com']);
  assert.deepEqual(read({ IotName: 'mqtt.example.com' }, inFile).names, ['mqtt.example.com']);
});

test('it is not read if none of its parameters is set, or if the file is missing', () => {
  const settings =
    '[local.deploy.parameters]\nparameter_overrides = ["A=1"]\n[local.global.parameters]\nparameter_overrides = ["B=1"]\n';
  for (const { found, rest } of [read({ Other: 'x' }, settings), read({ Other: 'x' }, inFile, null)])
    assert.deepEqual([found, rest], [undefined, { Other: 'x' }]);
});

test('a file of that name that is not a template is left alone while nothing is set', () => {
  assert.equal(read({}, '', '- not a template\n').found, undefined);
});

test('a zone needs no value here, because no certificate has to be validated', () => {
  assert.match(read({ IotName: 'iot.example.com' }).found!.outputs['Zone']!, /^Z0+$/);
  assert.equal(read({ Zone: 'Z1ABC' }).found!.outputs['Zone'], 'Z1ABC');
});

const refused: readonly (readonly [overrides: Record<string, string>, samconfig: string, message: RegExp])[] =
  [
    [
      { IotName: 'IOT' },
      '',
      /domain.yaml:3: parameter IotName is "IOT" \(from --parameter-overrides\) but must match/,
    ],
    [{ Zone: 'example.com' }, '', /domain.yaml:2: parameter Zone is "example.com"/],
    [
      {},
      inFile.replace('IotName', 'IotNam'),
      /samconfig.toml sets IotNam, which is not a parameter of .*domain.yaml: it has Zone, IotName/,
    ],
  ];
for (const [overrides, samconfig, message] of refused)
  test(`refused: ${message.source}`, () => {
    assert.throws(() => read(overrides, samconfig), { name: 'StartError', message });
  });

test.each<Record<string, string>>([{ IotNam: 'x' }, { IotName: 'iot.example.com', IotNam: 'x' }])(
  'a parameter of neither template is refused with those of both: %j',
  (overrides) => {
    const options = draft('', domain);
    const { overrides: rest, others } = loadDomain({ ...options, overrides });
    assert.throws(() => loadTemplate({ ...options, overrides: rest, others }), {
      name: 'StartError',
      message:
        /sets IotNam, which is not a parameter of .*template.yaml: it has none; domain.yaml has Zone, IotName$/,
    });
  },
);
