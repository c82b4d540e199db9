// `start` beside a domain.yaml: devices connect by a name of your own, with the certificate of that name.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect } from 'node:tls';
import { once } from 'node:events';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { cli, startProgram, type RunningStack } from './running-stack.ts';

const template = `Parameters: { Unit: { Type: String, Default: C } }
Resources: { Store: { Type: AWS::S3::Bucket } }
`;
const domain = `Parameters:
  IotName: { Type: String, Default: '' }
Resources:
  Cert:
    Type: AWS::CertificateManager::Certificate
    Properties: { DomainName: !Ref IotName, ValidationMethod: DNS, KeyAlgorithm: EC_prime256v1 }
  Domain:
    Type: AWS::IoT::DomainConfiguration
    Properties: { DomainName: !Ref IotName, ServerCertificateArns: [!Ref Cert] }
`;

/** The certificate that the MQTT port shows to a client that asks for `servername`. */
async function subjectFor({ endpoints }: RunningStack, servername: string): Promise<string | undefined> {
  const { port } = new URL(endpoints.mqtt);
  const ca = readFileSync(endpoints.ca);
  const socket = connect({ host: '127.0.0.1', port: Number(port), servername, ca });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerX509Certificate()!;
  socket.destroy();
  return subject;
}

test('start reads domain.yaml when one of its parameters is set, and only then', async () => {
  const cwd = temporaryFolder();
  writeFileSync(path.join(cwd, 'template.yaml'), template);
  writeFileSync(path.join(cwd, 'domain.yaml'), domain);
  const without = await startProgram([cli, '--parameter-overrides', 'Unit=F'], { cwd });
  assert.deepEqual(without.endpoints.mqttDomains, []);
  assert.equal(await subjectFor(without, 'localhost'), 'CN=localhost');
  assert.equal(await without.stop(), 0);

  const overrides = ['--parameter-overrides', 'Unit=F', 'IotName=iot.example.com'];
  const stack = await startProgram([cli, ...overrides], { cwd });
  assert.deepEqual(stack.endpoints.mqttDomains, ['iot.example.com']);
  assert.equal(stack.endpoints.parameters['Unit'], 'F');
  assert.equal(await subjectFor(stack, 'iot.example.com'), 'CN=iot.example.com');
  assert.equal(await subjectFor(stack, 'localhost'), 'CN=localhost');
  assert.equal(await stack.stop(), 0);
});
