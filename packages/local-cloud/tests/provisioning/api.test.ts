// Provisioning templates and temporary claims through the real SDK.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import {
  CreateProvisioningClaimCommand,
  CreateProvisioningTemplateCommand,
  DeleteProvisioningTemplateCommand,
  DescribeProvisioningTemplateCommand,
  ListCertificatesCommand,
  ListProvisioningTemplatesCommand,
  UpdateCertificateCommand,
  UpdateProvisioningTemplateCommand,
} from '@aws-sdk/client-iot';
import { arn, openTestIot, serve, start } from '../iot/iot-fixture.ts';
import { body } from './fixture.ts';

const provisioningRoleArn = 'arn:aws:iam::000000000000:role/provisioning';
const templateBody = JSON.stringify(body);
const preProvisioningHook = {
  targetArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
  payloadVersion: '2020-04-01',
};
const template = { templateName: 'T', templateBody, provisioningRoleArn, enabled: true, preProvisioningHook };

async function open() {
  const { iot, clock } = await openTestIot();
  const { client } = await serve(iot);
  await client.send(new CreateProvisioningTemplateCommand(template));
  return { iot, clock, client };
}

test('a template is created, described, listed, changed and deleted', async () => {
  const { client } = await open();
  const describe = () => client.send(new DescribeProvisioningTemplateCommand({ templateName: 'T' }));
  assert.partialDeepStrictEqual(await describe(), {
    ...template,
    templateArn: arn('provisioningtemplate/T'),
    defaultVersionId: 1,
    type: 'FLEET_PROVISIONING',
    creationDate: new Date(start),
  });
  const { templates = [] } = await client.send(new ListProvisioningTemplatesCommand({}));
  assert.deepEqual(
    templates.map(({ templateName, enabled }) => [templateName, enabled]),
    [['T', true]],
  );
  await client.send(
    new UpdateProvisioningTemplateCommand({
      templateName: 'T',
      enabled: false,
      removePreProvisioningHook: true,
    }),
  );
  const changed = await describe();
  assert.deepEqual(
    [changed.enabled, changed.preProvisioningHook, changed.templateBody],
    [false, undefined, templateBody],
  );
  await client.send(new DeleteProvisioningTemplateCommand({ templateName: 'T' }));
  await assert.rejects(describe(), { name: 'ResourceNotFoundException' });
});

test('calls that AWS would refuse are refused with its codes', async () => {
  const { client } = await open();
  const create = (changes: object) =>
    client.send(new CreateProvisioningTemplateCommand({ ...template, templateName: 'U', ...changes }));
  await assert.rejects(create({ templateName: 'T' }), {
    name: 'ResourceAlreadyExistsException',
    message: 'Template with name T already exists',
  });
  await assert.rejects(create({ templateBody: '{}' }), {
    name: 'InvalidRequestException',
    message: /^The template body is invalid: Resources/,
  });
  await assert.rejects(create({ templateName: 'a b' }), { name: 'InvalidRequestException' });
  await assert.rejects(create({ type: 'JITP' }), { name: 'InvalidRequestException' });
  await assert.rejects(create({ tags: [{ Key: 'a', Value: 'b' }] }), { name: 'NotImplementedException' });
  await assert.rejects(client.send(new CreateProvisioningClaimCommand({ templateName: 'U' })), {
    name: 'ResourceNotFoundException',
    message: 'Unable to find template named U',
  });
});

test('a temporary claim lasts five minutes, is in no list, and may provision with its template only', async () => {
  const { iot, clock, client } = await open();
  const claim = await client.send(new CreateProvisioningClaimCommand({ templateName: 'T' }));
  assert.deepEqual(claim.expiration, new Date(start + 300_000));
  assert.deepEqual((await client.send(new ListCertificatesCommand({}))).certificates, []);
  const { raw } = new X509Certificate(claim.certificatePem!);
  const principal = claim.certificateId!;
  assert.partialDeepStrictEqual(iot.identify(raw), { principal });
  const may = (action: string, resource: string) =>
    iot.authorize({ principal, clientId: 'anything', sourceIp: '127.0.0.1', action, resource }).allowed;
  assert.equal(may('iot:Connect', 'client/anything'), true);
  for (const topic of ['$aws/certificates/create/json', '$aws/provisioning-templates/T/provision/json']) {
    assert.equal(may('iot:Publish', `topic/${topic}`), true, topic);
    assert.equal(may('iot:Subscribe', `topicfilter/${topic}/accepted`), true, topic);
    assert.equal(may('iot:Receive', `topic/${topic}/rejected`), true, topic);
  }
  assert.equal(may('iot:Publish', 'topic/$aws/provisioning-templates/U/provision/json'), false);
  assert.equal(may('iot:Publish', 'topic/telemetry/seattle/s1'), false);
  assert.equal(may('iot:Subscribe', 'topicfilter/#'), false);
  await clock.advance(301_000);
  assert.match(JSON.stringify(iot.identify(raw)), /expired at/);
  await clock.advance(60_000);
  assert.equal(iot.registry.certificates.size, 0);
});

test('no caller can set a certificate to PENDING_ACTIVATION', async () => {
  const { client } = await open();
  const { certificateId } = await client.send(new CreateProvisioningClaimCommand({ templateName: 'T' }));
  await assert.rejects(
    client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'PENDING_ACTIVATION' })),
    { name: 'InvalidRequestException' },
  );
});
