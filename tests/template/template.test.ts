// The real template.yaml, as one machine resolves it.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describeRoutes } from '../../http-api/routes.ts';
import { apiFromTemplate } from '../../packages/local-cloud/http-api/api-spec.ts';
import { mappingsFromTemplate } from '../../packages/local-cloud/kinesis/mapping-spec.ts';
import { dataStreamsFromTemplate } from '../../packages/local-cloud/kinesis/stream-spec.ts';
import { functionsOf } from '../../packages/local-cloud/template/functions.ts';
import type { ResolvedResource } from '../../packages/local-cloud/template/resolved.ts';
import { loadTidegate as load } from './tidegate-template.ts';

const file = new URL('../../template.yaml', import.meta.url).pathname;

test('the outputs are the names that people need', () => {
  assert.deepEqual(load().outputs, {
    RawBucket: 'tidegate-rawbucket',
    ErrorsBucket: 'tidegate-errorsbucket',
    WindowsTable: 'tidegate-WindowsTable',
    FingerprintsTable: 'tidegate-FingerprintsTable',
    RollupsTable: 'tidegate-RollupsTable',
    ParsedBucket: 'tidegate-parsedbucket',
    ParseBatchFunction: 'tidegate-ParseBatchFunction',
    RollupFunction: 'tidegate-RollupFunction',
    SealFunction: 'tidegate-SealFunction',
    SealKey: load().resources.get('SealKey')!.ref,
    DevicesTable: 'tidegate-DevicesTable',
    RulesTable: 'tidegate-RulesTable',
    AlertsTable: 'tidegate-AlertsTable',
    AlertHistoryTable: 'tidegate-AlertHistoryTable',
    AlertsTopic: 'arn:aws:sns:us-east-1:000000000000:tidegate-AlertsTopic',
    AlarmsTopic: 'arn:aws:sns:us-east-1:000000000000:tidegate-AlarmsTopic',
    PresenceFunction: 'tidegate-PresenceFunction',
    IngestFunction: 'tidegate-IngestFunction',
    UndeliveredFunction: 'tidegate-UndeliveredFunction',
    SweepFunction: 'tidegate-SweepFunction',
    DashboardUsers: load().ofType('AWS::Cognito::UserPool')[0]!.ref,
    DashboardClient: load().ofType('AWS::Cognito::UserPoolClient')[0]!.ref,
    WindowSeconds: '10',
    WindowRetentionDays: '90',
    LoginUrl: 'https://login-local.auth.us-east-1.amazoncognito.com',
    DevicePolicy: 'TidegateDevice',
    ClaimPolicy: 'TidegateClaim',
    FleetTemplate: 'Tidegate',
    ProvisionHookFunction: 'tidegate-ProvisionHookFunction',
    RegistrationsTable: 'tidegate-RegistrationsTable',
    ApiFunction: 'tidegate-ApiFunction',
    ThingsFunction: 'tidegate-ThingsFunction',
    ApiId: '22rrfwstc3',
    ApiUrl: 'https://22rrfwstc3.execute-api.us-east-1.amazonaws.com',
    DashboardIdentityPool: 'us-east-1:8c1c34ef-d3c3-4f2d-82aa-f1a3dc3f06f6',
    AttachPolicyFunction: 'tidegate-AttachPolicyFunction',
  });
});

test('names that the stack gives in the registry of things are its own, and local names are those of the examples', () => {
  const namesIn = (environment: string) =>
    [
      'DeviceThingType',
      'DeviceThingGroup',
      'DevicePolicy',
      'ClaimPolicy',
      'DashboardPolicy',
      'FleetTemplate',
    ].map((id) => load({}, environment).resources.get(id)!.name);
  for (const name of namesIn('default')) assert.match(name, /^Tidegate/);
  assert.deepEqual(namesIn('local').slice(0, 2), ['sensor', 'Seattle']);
});

test('the local environment has an address and a number to send alerts to', () => {
  const subscriptions = load().ofType('AWS::SNS::Subscription');
  assert.deepEqual(
    subscriptions.map(({ properties }) => [properties['Protocol'], properties['Endpoint']]),
    [
      ['email', 'alerts@example.com'],
      ['sms', '+12065550100'],
      ['email', 'alerts@example.com'],
      ['sms', '+12065550100'],
    ],
  );
});

test('three addresses get the alerts that are for email, and the alarms', () => {
  const addresses = ['a@example.com', 'b@example.com', 'c@example.com'] as const;
  const [AlertEmail, AlertEmail2, AlertEmail3] = addresses;
  const template = load({ AlertEmail, AlertEmail2, AlertEmail3, AlertPhone: '' });
  const subscriptions = template.ofType('AWS::SNS::Subscription').map(({ properties }) => properties);
  const ofTopic = (name: string) =>
    subscriptions.filter(({ TopicArn }) => TopicArn === template.outputs[name]);
  for (const [topic, filter] of [
    ['AlertsTopic', { channels: ['email'] }],
    ['AlarmsTopic', undefined],
  ] as const) {
    const found = ofTopic(topic);
    assert.deepEqual(new Set(found.map(({ Endpoint }) => Endpoint)), new Set(addresses));
    assert.equal(found.length, addresses.length);
    for (const { Protocol, FilterPolicy } of found)
      assert.deepEqual([Protocol, FilterPolicy], ['email', filter]);
  }
});

test('an address may be any of the three, without the others', () => {
  const template = load({ AlertEmail: '', AlertPhone: '', AlertEmail3: 'c@example.com' });
  const subscriptions = template.ofType('AWS::SNS::Subscription');
  assert.deepEqual(
    subscriptions.map(({ properties }) => properties['Endpoint']),
    ['c@example.com', 'c@example.com'],
  );
});

const alerting = ['IngestFunction', 'IngestStreamFunction', 'SweepFunction'];
const origins: [given: string, page: string, allowed: string][] = [
  ['', '', 'http://localhost:8080'],
  ['https://dashboard.example.com', 'https://dashboard.example.com', 'https://dashboard.example.com'],
];
for (const [given, page, allowed] of origins) {
  test(`with DashboardOrigin "${given}" mails link to "${page}", and pages of ${allowed} may call`, () => {
    const template = load({ DashboardOrigin: given, IngestMode: 'stream' });
    for (const { logicalId, environment } of functionsOf(template))
      if (alerting.includes(logicalId)) assert.equal(environment['DASHBOARD_ORIGIN'], page);
    const [api] = template.ofType('AWS::Serverless::HttpApi');
    const { AllowOrigins } = api!.properties['CorsConfiguration'] as { AllowOrigins: string[] };
    assert.deepEqual(AllowOrigins, [allowed]);
  });
}

test('the functions that write mails know the time zone', () => {
  const found = functionsOf(load({ TimeZone: 'America/Los_Angeles', IngestMode: 'stream' }))
    .filter(({ logicalId }) => alerting.includes(logicalId))
    .map(({ logicalId, environment }) => [logicalId, environment['TIME_ZONE']] as const);
  assert.deepEqual(new Map(found), new Map(alerting.map((name) => [name, 'America/Los_Angeles'] as const)));
});

test('without an address and a number the stack has no subscriptions', () => {
  assert.deepEqual(load({ AlertEmail: '', AlertPhone: '' }).ofType('AWS::SNS::Subscription'), []);
  assert.deepEqual(load({}, 'default').ofType('AWS::SNS::Subscription'), []);
});

const functionOf = (logicalId: string, overrides: Record<string, string> = {}) =>
  functionsOf(load(overrides)).find((each) => each.logicalId === logicalId);

test('the function gets its environment', () => {
  const ingest = functionOf('IngestFunction');
  assert.deepEqual(ingest?.environment, {
    AWS_ENDPOINT_URL: '',
    WINDOWS_TABLE: 'tidegate-WindowsTable',
    FINGERPRINTS_TABLE: 'tidegate-FingerprintsTable',
    ROLLUPS_TABLE: 'tidegate-RollupsTable',
    DEVICES_TABLE: 'tidegate-DevicesTable',
    RULES_TABLE: 'tidegate-RulesTable',
    ALERTS_TABLE: 'tidegate-AlertsTable',
    ALERT_HISTORY_TABLE: 'tidegate-AlertHistoryTable',
    ALERTS_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:tidegate-AlertsTopic',
    ALERTS_PER_MINUTE: '20',
    DASHBOARD_ORIGIN: '',
    TIME_ZONE: 'UTC',
    ERRORS_BUCKET: 'tidegate-errorsbucket',
    WINDOW_SECONDS: '10',
    MAX_LATENESS_SECONDS: '604800',
    MAX_SKEW_SECONDS: '60',
    WINDOW_RETENTION_DAYS: '90',
    HISTORY_RETENTION_DAYS: '1096',
    MAX_TEMPERATURE: '8',
    MIN_TEMPERATURE: '-1',
    SILENT_AFTER_MINUTES: '15',
    POWERTOOLS_SERVICE_NAME: 'tidegate',
    POWERTOOLS_METRICS_NAMESPACE: 'Tidegate',
    POWERTOOLS_LOG_LEVEL: 'INFO',
  });
  assert.equal(ingest?.reservedConcurrency, undefined);
  assert.deepEqual(ingest?.async.onFailure, { type: 's3', arn: 'arn:aws:s3:::tidegate-errorsbucket' });
});

test('no function is deployed with source maps, which Node would read at each cold start', () => {
  for (const { logicalId, build } of functionsOf(load({ IngestMode: 'stream' })))
    assert.equal(build.sourcemap, false, logicalId);
});

test('concurrency is reserved only on request', () => {
  assert.equal(functionOf('IngestFunction', { ReservedConcurrency: '5' })?.reservedConcurrency, 5);
});

const refusals: readonly (readonly [overrides: Record<string, string>, reason: RegExp])[] = [
  [{ AlertEmail: 'nobody' }, /parameter AlertEmail is "nobody" .* must be a mail address such as/],
  [{ AlertEmail2: 'a@example.com,b@example.com' }, /parameter AlertEmail2 is .* must be a mail address/],
  [{ TimeZone: 'Los Angeles' }, /parameter TimeZone is "Los Angeles" .* must be the name of a time zone/],
  [{ DashboardOrigin: 'dashboard' }, /parameter DashboardOrigin is "dashboard" .* must be an origin/],
  [{ AlertPhone: '0206555' }, /parameter AlertPhone is "0206555" .* must be in E.164 form/],
  [{ WindowSeconds: '0' }, /parameter WindowSeconds is "0" .* must be at least 1/],
  [{ RawCompression: 'ZIP' }, /parameter RawCompression is "ZIP" .* must be one of UNCOMPRESSED, GZIP/],
  [{ MaxLatenessDays: '14', WindowRetentionDays: '8' }, /WindowRetentionDays must be at least 15/],
  [{ MaxLatenessDays: '30', WindowRetentionDays: '15' }, /WindowRetentionDays must be at least 31/],
];
for (const [overrides, reason] of refusals) {
  test(`${JSON.stringify(overrides)} is refused`, () => {
    assert.throws(() => load(overrides), { name: 'StartError', message: reason });
  });
}

test('windows outlive the lateness limit for every allowed pair of values', () => {
  const accepted: [number, number][] = [];
  for (const lateness of [1, 3, 7, 14, 30]) {
    for (const retention of [8, 15, 31, 90, 180, 365, 730]) {
      try {
        const overrides = { MaxLatenessDays: String(lateness), WindowRetentionDays: String(retention) };
        const { MAX_LATENESS_SECONDS: seconds } = functionOf('IngestFunction', overrides)!.environment;
        assert.equal(Number(seconds), lateness * 86_400);
        accepted.push([lateness, retention]);
      } catch (error) {
        assert.match((error as Error).message, /WindowRetentionDays must be at least/);
      }
    }
  }
  assert.equal(accepted.length, 5 * 7 - 1 - 2);
  assert.equal(
    accepted.every(([lateness, retention]) => retention > lateness),
    true,
  );
});

test('at() names the line of a property', () => {
  const rule = load().resources.get('TelemetryRule')!;
  const lines = readFileSync(file, 'utf8').split('\n');
  const lineAt = (...path: (string | number)[]) => lines[Number(rule.at(...path).split(':')[1]) - 1]?.trim();
  assert.equal(lineAt(), 'TelemetryRule:');
  assert.equal(lineAt('TopicRulePayload', 'Sql'), 'Sql: >-');
  assert.equal(lineAt('TopicRulePayload', 'Actions', 1, 'Lambda'), '- Lambda:');
  assert.equal(lineAt('TopicRulePayload', 'Nothing', 'Below'), 'TopicRulePayload:');
});

test('a device may publish its own telemetry and use its own shadows, and the policy fits into what AWS allows', () => {
  const policy = load().resources.get('DevicePolicy')!;
  const document = policy.properties['PolicyDocument'] as { Statement: { Effect: string; Action: string }[] };
  assert.deepEqual(
    document.Statement.map(({ Effect, Action }) => `${Effect} ${Action}`),
    [
      'Allow iot:Connect',
      'Allow iot:Publish',
      'Deny iot:Publish',
      'Allow iot:Publish',
      'Allow iot:Subscribe',
      'Allow iot:Receive',
    ],
  );
  // https://docs.aws.amazon.com/general/latest/gr/iot-core.html: 2,048 characters without blanks.
  const longest = JSON.stringify(document)
    .replaceAll('arn:aws:', 'arn:aws-us-gov:')
    .replaceAll('us-east-1', 'ap-southeast-1');
  assert.ok(longest.length <= 2048, String(longest.length));
});

test('every rule has an error action, and every bucket, table and log group has a deletion policy', () => {
  const template = load();
  for (const { properties } of template.ofType('AWS::IoT::TopicRule')) {
    assert.ok((properties['TopicRulePayload'] as { ErrorAction?: unknown }).ErrorAction);
  }
  const text = readFileSync(file, 'utf8');
  for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Table']) {
    for (const { logicalId } of template.ofType(type)) {
      assert.match(
        text,
        new RegExp(
          `\n  ${logicalId}:\n    Type: ${type}\n    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n`,
        ),
      );
    }
  }
});

/** The resource of iot:AttachPolicy is its target, and a Cognito identity has no ARN; the last two have no resource. */
const withoutResourceLevel = new Set([
  'iot:AttachPolicy',
  'iot:DetachPolicy',
  'iot:ListAttachedPolicies',
  'iot:CreateCertificateFromCsr',
  'iot:RegisterThing',
]);

test('no permission is for every action, nor for every resource where the action has a resource', () => {
  interface Policy {
    readonly PolicyDocument: { readonly Statement: readonly { Action: unknown; Resource: unknown }[] };
  }
  const statementsOf = ({ type, properties }: ResolvedResource) => {
    const { Policies = [] } = properties as { Policies?: Policy[] };
    const policies = type === 'AWS::IAM::Policy' ? [properties as unknown as Policy] : Policies;
    return policies.flatMap((policy) => policy.PolicyDocument.Statement);
  };
  const template = load();
  for (const role of [...template.ofType('AWS::IAM::Role'), ...template.ofType('AWS::IAM::Policy')]) {
    assert.ok(statementsOf(role).length > 0 || role.logicalId === 'SealRole', role.logicalId);
    for (const { Action, Resource } of statementsOf(role)) {
      assert.equal(
        [Action].flat().some((action) => /^\*$|:\*$/.test(String(action))),
        false,
        role.logicalId,
      );
      const isForAll = [Resource].flat().includes('*');
      const hasLevel = [Action].flat().some((action) => !withoutResourceLevel.has(String(action)));
      assert.equal(isForAll && hasLevel, false, role.logicalId);
    }
  }
});

test('the function for the dashboard attaches policies to nothing that has an ARN', () => {
  const [policy] = load().resources.get('AttachPolicyRole')!.properties['Policies'] as {
    PolicyDocument: { Statement: { Effect: string; Action: unknown; Resource: unknown }[] };
  }[];
  const denied = policy!.PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Deny');
  assert.deepEqual(
    denied.map(({ Action, Resource }) => ({ Action, Resource })),
    [
      {
        Action: ['iot:AttachPolicy', 'iot:DetachPolicy'],
        Resource: ['arn:aws:iot:*:*:cert/*', 'arn:aws:iot:*:*:thinggroup/*'],
      },
    ],
  );
});

test('guests are let in only on request', () => {
  const rolesOf = (overrides: Record<string, string>, environment: string) => {
    const { resources } = load(overrides, environment);
    const allowed = resources.get('DashboardIdentityPool')!.properties['AllowUnauthenticatedIdentities'];
    return [String(allowed), Object.keys(resources.get('DashboardRoles')!.properties['Roles'] as object)];
  };
  assert.deepEqual(rolesOf({}, 'default'), ['false', ['authenticated']]);
  assert.deepEqual(rolesOf({}, 'local'), ['true', ['authenticated', 'unauthenticated']]);
  assert.deepEqual(rolesOf({ AllowGuests: 'false' }, 'local'), ['false', ['authenticated']]);
});

const streamMode = { IngestMode: 'stream' };
const actionsOf = (overrides: Record<string, string>) =>
  load(overrides)
    .ofType('AWS::IoT::TopicRule')
    .map(({ properties }) => {
      const { Actions } = properties['TopicRulePayload'] as { Actions: object[] };
      return Actions.flatMap((action) => Object.keys(action));
    });

test('both rules of readings call the function in direct mode, and put into the stream in stream mode', () => {
  assert.deepEqual(actionsOf({}), [['Firehose', 'Lambda'], ['Firehose', 'Lambda'], ['Lambda']]);
  assert.deepEqual(actionsOf(streamMode), [['Firehose', 'Kinesis'], ['Firehose', 'Kinesis'], ['Lambda']]);
});

test('resources of the stream exist in stream mode only', () => {
  const [direct, stream] = [load().resources, load(streamMode).resources];
  const added = [...stream.keys()].filter((id) => !direct.has(id));
  assert.deepEqual(added, [
    'ReadingsStream',
    'ReadingsMapping',
    'IngestStreamFunction',
    'IngestStreamRole',
    'IngestStreamLogs',
    'StreamErrorsAlarm',
    'StreamThrottlesAlarm',
    'StreamLagAlarm',
    'StreamFullAlarm',
    'StreamGaveUpAlarm',
    'StreamFailuresLostAlarm',
  ]);
  const gone = [...direct.keys()].filter((id) => !stream.has(id));
  assert.deepEqual(gone, ['TelemetryRulePermission', 'MalformedRulePermission']);
});

test('a device stays on one shard: the partition key is its name, from the topic', () => {
  const [rule] = load(streamMode).ofType('AWS::IoT::TopicRule');
  const { Actions } = rule!.properties['TopicRulePayload'] as {
    Actions: { Kinesis?: { PartitionKey: string } }[];
  };
  assert.equal(Actions[1]?.Kinesis?.PartitionKey, '${topic(3)}');
});

test('the mapping gives up before the records expire, and writes to the errors bucket', () => {
  const [spec] = mappingsFromTemplate(load(streamMode));
  const [stream] = dataStreamsFromTemplate(load(streamMode));
  assert.ok(spec!.maxAgeMs < stream!.retentionHours * 3_600_000);
  assert.ok(Number.isFinite(spec!.maxRetries));
  assert.deepEqual(spec!.onFailure, { type: 's3', arn: 'arn:aws:s3:::tidegate-errorsbucket' });
  assert.deepEqual(
    [spec!.windowMs, spec!.batchSize, spec!.reportsItems, spec!.bisects],
    [60_000, 10_000, true, true],
  );
});

test('the stream function has the environment of the direct one', () => {
  const functions = functionsOf(load(streamMode));
  const [direct, stream] = ['IngestFunction', 'IngestStreamFunction'].map((id) =>
    functions.find(({ logicalId }) => logicalId === id),
  );
  assert.deepEqual(stream?.environment, direct?.environment);
  assert.deepEqual(stream?.build, direct?.build);
});

test('the HTTP API forwards the routes of its function, and nothing else', () => {
  const served = describeRoutes();
  assert.deepEqual(
    apiFromTemplate(load())!.routes.map(({ key }) => key),
    served.map(({ method, path }) => `${method} ${path}`),
  );
  const isPublic = (each: { readonly isPublic?: true }) => each.isPublic === true;
  assert.deepEqual(
    apiFromTemplate(load())!
      .routes.filter(isPublic)
      .map(({ key }) => key),
    ['GET /health'],
  );
  assert.deepEqual(
    served.filter(isPublic).map(({ path }) => path),
    ['/health'],
  );
});
