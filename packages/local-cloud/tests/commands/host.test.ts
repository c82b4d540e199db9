// `--host`: a device on another machine connects as documented, and finds nothing else open.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { IoTClient } from '@aws-sdk/client-iot';
import { connectAsync } from 'mqtt';
import { testIf } from '../../../../tests/support/conditions.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { makeDevice } from '../iot/device-fixture.ts';
import { sampleFile } from '../template/fixture.ts';
import { clientSettings, cli, startProgram, type RunningStack } from './running-stack.ts';

const outward = Object.values(networkInterfaces())
  .flatMap((found) => found ?? [])
  .find(({ internal, address }) => !internal && isIPv4(address))?.address;

const portOf = (url: string) => Number(new URL(url).port);

async function refuses(host: string, port: number): Promise<void> {
  const socket = connect(port, host);
  await assert.rejects(once(socket, 'connect'), { code: 'ECONNREFUSED' });
}

async function namesOf({ endpoints }: RunningStack, host: string): Promise<string> {
  const ca = readFileSync(endpoints.ca);
  const socket = connectTls({ host, port: portOf(endpoints.mqtt), ca });
  socket.on('error', () => {}); // without a certificate of its own it is closed
  await once(socket, 'secureConnect');
  const { subjectaltname = '' } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname;
}

testIf(outward !== undefined, 'no network but loopback')(
  'opens the MQTT port alone to other machines, under a new certificate that devices of before trust',
  async () => {
    const cwd = temporaryFolder();
    const before = await startProgram([cli, '--template', sampleFile], { cwd });
    assert.deepEqual(before.endpoints.mqttHosts, []);
    await refuses(outward!, portOf(before.endpoints.mqtt));
    const iot = new IoTClient(clientSettings(before));
    const device = await makeDevice(iot, { thing: 'sensor-1', policy: 'SampleDevice' }).finally(() =>
      iot.destroy(),
    );
    const caBefore = readFileSync(before.endpoints.ca, 'utf8');
    assert.equal(await before.stop(), 0);

    const open = await startProgram([cli, '--template', sampleFile, '--host', outward!], { cwd });
    const { endpoints } = open;
    assert.equal(endpoints.mqttHosts[0], outward);
    assert.equal(new URL(endpoints.mqtt).hostname, '127.0.0.1');
    assert.equal(readFileSync(endpoints.ca, 'utf8'), caBefore);
    const names = await namesOf(open, outward!);
    for (const host of endpoints.mqttHosts) assert.ok(names.includes(`:${host}`), names);
    for (const url of [endpoints.aws, endpoints.web]) await refuses(outward!, portOf(url));
    for (const host of [outward!, '127.0.0.1']) {
      const client = await connectAsync({
        ...{
          host,
          port: portOf(endpoints.mqtt),
          protocol: 'mqtts',
          clientId: 'sensor-1',
          reconnectPeriod: 0,
        },
        ...{ ca: caBefore, cert: device.certificatePem, key: device.keyPem },
      });
      await client.endAsync();
    }
    const line = await eventually(
      'a line says so',
      () => /.*open to other machines.*/.exec(open.output())?.[0],
    );
    assert.partialDeepStrictEqual(JSON.parse(line), {
      level: 'info',
      address: `mqtts://${outward}:${portOf(endpoints.mqtt)}`,
    });
    assert.equal(await open.stop(), 0);
  },
);

test('an address that this machine has not ends the start with one line', () => {
  const cwd = temporaryFolder();
  const args = [cli, '--template', sampleFile, '--host', '203.0.113.9'];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /^--host 203\.0\.113\.9: this machine has no such address; it has .+\n$/);
  assert.equal(stdout, '');
});
