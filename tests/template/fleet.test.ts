// The real template's fleet provisioning: its body compiles, and the hook may be called.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { compileBody } from '../../packages/local-cloud/provisioning/template.ts';
import { openTestIot } from '../../packages/local-cloud/tests/iot/iot-fixture.ts';
import { withTemplate } from '../../packages/local-cloud/tests/template/fixture.ts';
import { loadTidegate } from './tidegate-template.ts';

const text = readFileSync(new URL('../../template.yaml', import.meta.url), 'utf8');
const bodyOf = (template: string) =>
  withTemplate(template, {}, (loaded) => {
    const [fleet] = loaded.ofType('AWS::IoT::ProvisioningTemplate');
    return compileBody(fleet?.properties['TemplateBody'] as string);
  });

test('a serial number becomes a thing of the stack, which no other device can take over', async () => {
  const { iot } = await openTestIot();
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const pem = await iot.ca.issue({ publicKey: key, subject: [{ CN: ['x'] }] });
  const body = bodyOf(text);
  assert.deepEqual(body.provision(new Map([['SerialNumber', 'tg-000042']]), { id: 'id', pem }), {
    thing: {
      name: 'tg-000042',
      typeName: 'TidegateSensor',
      groups: ['TidegateSite'],
      attributes: { provisioned: 'claim' },
      overrides: { AttributePayload: 'FAIL', ThingTypeName: 'FAIL', ThingGroups: 'FAIL' },
    },
    status: 'ACTIVE',
    policies: [{ name: 'TidegateDevice' }],
    deviceConfiguration: { group: 'TidegateSite' },
  });
});

test('a template whose hook nobody permits to be invoked is refused with its line', () => {
  const wrong = text.replace('provisioningtemplate/Tidegate\n', 'provisioningtemplate/Other\n');
  assert.notEqual(wrong, text);
  assert.throws(() => bodyOf(wrong), {
    name: 'StartError',
    message:
      /template\.yaml:\d+: FleetTemplate may not invoke ProvisionHookFunction: add an AWS::Lambda::Permission for iot.amazonaws.com with this template's Arn/,
  });
});

test('the hook may count hours and read the list of serial numbers, and not write to the list', () => {
  const [policy] = loadTidegate().resources.get('ProvisionHookRole')!.properties['Policies'] as {
    PolicyDocument: { Statement: { Sid: string; Action: unknown; Condition?: object }[] };
  }[];
  const ofTable = policy!.PolicyDocument.Statement.filter(({ Action }) =>
    String(Action).startsWith('dynamodb:'),
  );
  const onlyKeys = (pattern: string) => ({
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [pattern] },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  });
  assert.deepEqual(
    ofTable.map(({ Action, Condition }) => [Action, Condition]),
    [
      ['dynamodb:UpdateItem', onlyKeys('hour/*')],
      ['dynamodb:GetItem', onlyKeys('allowed/*')],
    ],
  );
});
