// Fleet provisioning over a registry in a temporary folder: a device's requests, and the answers.

import { randomUUID } from 'node:crypto';
import type { ManualClock } from '../../clock.ts';
import type { Iot } from '../../iot/iot.ts';
import { createProvisioning } from '../../provisioning/provisioning.ts';
import type { HookEvent, Invoke } from '../../provisioning/hook.ts';
import { setTemplate } from '../../provisioning/operations.ts';
import type { Fields, Log } from '../../log.ts';
import { makeKeyAndRequest } from '../iot/device-fixture.ts';
import { openTestIot, start } from '../iot/iot-fixture.ts';

export const allow = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }],
});

export const body = {
  Parameters: { Serial: { Type: 'String' }, Place: { Type: 'String', Default: 'attic' } },
  Resources: {
    thing: {
      Type: 'AWS::IoT::Thing',
      Properties: {
        ThingName: { Ref: 'Serial' },
        ThingTypeName: 'sensor',
        ThingGroups: ['Seattle'],
        AttributePayload: { place: { Ref: 'Place' } },
      },
    },
    certificate: {
      Type: 'AWS::IoT::Certificate',
      Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
    },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'P' } },
  },
  DeviceConfiguration: { hello: { 'Fn::Sub': 'you are ${Serial}' } },
};

export type Json = Record<string, unknown>;

export interface Rejection {
  readonly statusCode: number;
  readonly errorCode: string;
  readonly errorMessage: string;
}

export interface Fleet {
  readonly iot: Iot;
  readonly clock: ManualClock;
  readonly lines: (Fields & { message: string })[];
  /** What the hook was asked. */
  readonly asked: HookEvent[];
  /** Sends a request and gives the answer; `principal` is the claim's certificate ID. */
  readonly request: (
    topic: string,
    payload: unknown,
    principal?: string,
  ) => Promise<{ topic: string; to: string; answer: Json }>;
  /** A certificate for a key made here, with its token. */
  readonly certificate: (
    principal?: string,
  ) => Promise<Json & { certificateId: string; certificateOwnershipToken: string }>;
  readonly provision: (
    token: string,
    parameters?: Json,
    principal?: string,
  ) => Promise<Json & Partial<Rejection>>;
  readonly template: (changes: Json, hook?: boolean) => Promise<void>;
}

export const claim = 'c1'.repeat(32);
const hook = {
  targetArn: 'arn:aws:lambda:us-east-1:000000000000:function:hook',
  payloadVersion: '2020-04-01',
};

/** With the thing type sensor, the group Seattle, the policy P and the template T, whose hook is `invoke`. */
export async function openFleet(
  invoke: Invoke = async () => ({ payload: '{"allowProvisioning": true}' }),
  dir?: string,
): Promise<Fleet> {
  const lines: Fleet['lines'] = [];
  const write = (message: string, fields: Fields = {}) => void lines.push({ ...fields, message });
  const log: Log = { info: write, warn: write, error: write };
  const { iot, clock } = await openTestIot({ log, ...(dir ? { dir } : {}) });
  const { registry, ca } = iot;
  await iot.seed({
    ofType: (type) =>
      ({
        'AWS::IoT::ThingType': [resource('sensor', {})],
        'AWS::IoT::ThingGroup': [resource('Seattle', {})],
        'AWS::IoT::Policy': [resource('P', { PolicyDocument: allow })],
      })[type] ?? [],
  });
  const template = (changes: Json, withHook = true) =>
    setTemplate(registry, {
      name: 'T',
      body: JSON.stringify({ ...body, ...changes }),
      enabled: true,
      roleArn: 'arn:aws:iam::000000000000:role/r',
      ...(withHook ? { hook } : {}),
    });
  await template({});
  const asked: HookEvent[] = [];
  let answered: { topic: string; to: string; answer: Json } | undefined;
  const service = createProvisioning({
    registry,
    ca,
    clock,
    log,
    newId: randomUUID,
    invoke(name, payload) {
      asked.push(JSON.parse(payload) as HookEvent);
      return invoke(name, payload);
    },
    answer: (to, { topic, payload }) =>
      (answered = { topic, to, answer: JSON.parse(payload.toString()) as Json }),
  });
  const request: Fleet['request'] = async (topic, payload, principal = claim) => {
    answered = undefined;
    if (!service.matches(topic)) throw new Error(`nothing takes ${topic}`);
    await service.handle({
      topic,
      payload: typeof payload === 'string' ? Buffer.from(payload) : Buffer.from(JSON.stringify(payload)),
      qos: 1,
      retain: false,
      clientId: 'claim-1',
      principal,
      sourceIp: '127.0.0.1',
      receivedAt: start,
      traceId: 'trace-1',
    });
    if (!answered) throw new Error('no answer');
    return answered;
  };
  return {
    iot,
    clock,
    lines,
    asked,
    request,
    template,
    async certificate(principal) {
      const { csr } = await makeKeyAndRequest('device');
      const topic = '$aws/certificates/create-from-csr/json';
      const { answer } = await request(topic, { certificateSigningRequest: csr }, principal);
      return answer as Awaited<ReturnType<Fleet['certificate']>>;
    },
    async provision(token, parameters = { Serial: 's1' }, principal = claim) {
      const topic = '$aws/provisioning-templates/T/provision/json';
      const { answer } = await request(topic, { certificateOwnershipToken: token, parameters }, principal);
      return answer;
    },
  };
}

const resource = (name: string, properties: Record<string, unknown>) => ({
  logicalId: name,
  name,
  properties,
  at: () => 'template.yaml:1',
});
