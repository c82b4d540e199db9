// `npm run dns` with a zone that was there before dns.yaml: its ID says nothing, so its name comes from ZoneName.

import { expect, test } from '@jest/globals';
import { runScript } from './tidegate.ts';

test.each([
  ['HostedZoneId', 'iot.fleet.example', 'CNAME', '60 IN CNAME a1-ats.iot.us-east-1.amazonaws.com'],
  ['ParentZoneId', 'other.example', 'A', 'NXDOMAIN'],
])('dns.yaml is answered for with a zone by %s', async (parameter, name, type, answer) => {
  const overrides = ['--parameter-overrides', `${parameter}=Z0123456789ABCDEFGHIJ`];
  const { code, stdout, stderr } = await runScript('local.ts', ['dns', 'answer', name, type, ...overrides]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(answer);
});
