// Rules that the AWS IoT API makes at run time, beside those of the template: they run at once, and after a restart.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  CreateTopicRuleCommand,
  DeleteTopicRuleCommand,
  DisableTopicRuleCommand,
  EnableTopicRuleCommand,
  GetTopicRuleCommand,
  IoTClient,
  ListTopicRulesCommand,
  ReplaceTopicRuleCommand,
  type TopicRulePayload,
} from '@aws-sdk/client-iot';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { systemClock } from '../../clock.ts';
import { createCounters } from '../../counters.ts';
import { silentLog } from '../../log.ts';
import { why } from '../../commands/rule-why.ts';
import { startStack } from '../../stack.ts';
import { sourceOf } from '../../stack-source.ts';

const roleArn = 'arn:aws:iam::000000000000:role/r';
const template = {
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'kept' } },
    Declared: {
      Type: 'AWS::IoT::TopicRule',
      Properties: {
        RuleName: 'declared',
        TopicRulePayload: { Sql: "SELECT * FROM 'declared/+'", Actions: [] },
      },
    },
  },
};
const keeping = (key: string, sql = "SELECT *, topic(2) AS id FROM 'made/+'"): TopicRulePayload => ({
  sql,
  awsIotSqlVersion: '2016-03-23',
  actions: [{ s3: { bucketName: 'kept', key, roleArn } }],
});

async function start(dataDir = temporaryFolder()) {
  const root = temporaryFolder();
  writeFileSync(path.join(root, 'template.yaml'), JSON.stringify(template));
  const stack = await startStack({
    source: sourceOf({ template: path.join(root, 'template.yaml'), 'stack-name': 'made' }),
    ...{ title: 'Rules', startCommand: 'start', dnsCommand: 'dns', dataDir, overrides: {} },
    ...{
      mqttPort: 0,
      awsPort: 0,
      webPort: 0,
      clock: systemClock,
      log: silentLog,
      counters: createCounters(),
    },
  });
  const settings = {
    ...{ region: 'us-east-1', endpoint: stack.endpoints.aws, maxAttempts: 1 },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const [iot, data] = [new IoTClient(settings), new IoTDataPlaneClient(settings)];
  let stopped = false;
  async function stop() {
    if (stopped) return;
    stopped = true;
    iot.destroy();
    data.destroy();
    await stack.stop();
  }
  cleanup(stop);
  return {
    ...{ dataDir, iot, stop },
    publish: (topic: string) =>
      data.send(new PublishCommand({ topic, qos: 1, payload: Buffer.from('{"v":1}') })),
    kept: (key: string) =>
      eventually(key, () => {
        const file = path.join(dataDir, 's3/kept', key);
        return existsSync(file) && readFileSync(file, 'utf8');
      }),
  };
}

test('a rule runs from its creation on, and after a restart', async () => {
  const first = await start();
  await first.iot.send(
    new CreateTopicRuleCommand({ ruleName: 'mine', topicRulePayload: keeping('one/${topic(2)}') }),
  );
  await first.publish('made/a');
  assert.equal(await first.kept('one/a'), '{"v":1,"id":"a"}');
  await first.stop();

  const second = await start(first.dataDir);
  await second.publish('made/b');
  assert.equal(await second.kept('one/b'), '{"v":1,"id":"b"}');
});

test('a rule is replaced, disabled, enabled and deleted, and shown as it is', async () => {
  const { iot, publish, kept } = await start();
  const ruleName = 'mine';
  await iot.send(new CreateTopicRuleCommand({ ruleName, topicRulePayload: keeping('one') }));
  await iot.send(new ReplaceTopicRuleCommand({ ruleName, topicRulePayload: keeping('two/${topic(2)}') }));
  await publish('made/a');
  await kept('two/a');

  await iot.send(new DisableTopicRuleCommand({ ruleName }));
  const shown = await iot.send(new GetTopicRuleCommand({ ruleName }));
  assert.equal(shown.ruleArn, 'arn:aws:iot:us-east-1:000000000000:rule/mine');
  assert.equal(shown.rule!.ruleDisabled, true);
  assert.deepEqual(shown.rule!.actions, [{ s3: { bucketName: 'kept', key: 'two/${topic(2)}', roleArn } }]);
  const listed = async (topic?: string) => {
    const { rules = [] } = await iot.send(new ListTopicRulesCommand({ topic }));
    return rules.map((rule) => `${rule.ruleName} ${rule.topicPattern} ${rule.ruleDisabled}`);
  };
  assert.deepEqual(await listed(), ['declared declared/+ false', 'mine made/+ true']);
  assert.deepEqual(await listed('made/x'), ['mine made/+ true']);

  await iot.send(new EnableTopicRuleCommand({ ruleName }));
  await publish('made/c');
  await kept('two/c');
  await iot.send(new DeleteTopicRuleCommand({ ruleName }));
  assert.deepEqual(await listed(), ['declared declared/+ false']);
});

test('the running stack says which rules the last message of a topic set off, and what stopped the others', async () => {
  const { iot, publish, kept, dataDir } = await start();
  const create = (ruleName: string, topicRulePayload: TopicRulePayload) =>
    iot.send(new CreateTopicRuleCommand({ ruleName, topicRulePayload }));
  await create('fires', keeping('why'));
  await create('waits', keeping('never', "SELECT * FROM 'made/+' WHERE v > 5"));
  await publish('made/a');
  await kept('why');
  const lines = await why(['made/a', '--data-dir', dataDir]);
  assert.match(lines[0]!, /^The last message on made\/a: 7 bytes from client/);
  assert.deepEqual(
    lines.slice(2).filter((line) => /^\w+:|WHERE|FROM/.test(line)),
    [
      'fires: The rule fires: 1 action runs.',
      'declared: The rule does not fire: the message does not reach it.',
      "  FROM 'declared/+'",
      'waits: The rule does not fire: WHERE is not true.',
      "  FROM 'made/+'",
      '  WHERE v > 5',
    ],
  );
  await assert.rejects(why(['made/z', '--data-dir', dataDir]), {
    message: 'no message on made/z since the start; the last messages came on made/a',
  });
  await assert.rejects(why(['made/a', '--data-dir', temporaryFolder()]), { message: /is not running in/ });
});

test('a rule that cannot run is refused, and rules of the template stay as they are there', async () => {
  const { iot } = await start();
  const create = (ruleName: string, topicRulePayload: TopicRulePayload) =>
    iot.send(new CreateTopicRuleCommand({ ruleName, topicRulePayload }));
  await assert.rejects(create('wrong', keeping('k', 'SELECT')), {
    name: 'SqlParseException',
    message: 'SQL 1:7: expected a value, found the end',
  });
  await assert.rejects(
    create('wrong', {
      sql: "SELECT * FROM 'a'",
      actions: [{ timestream: undefined, iotEvents: { inputName: 'i', roleArn } }],
    }),
    {
      name: 'InvalidRequestException',
      message: /the action IotEvents is not supported/,
    },
  );
  await assert.rejects(create('declared', keeping('k')), { name: 'ResourceAlreadyExistsException' });
  await assert.rejects(iot.send(new DeleteTopicRuleCommand({ ruleName: 'declared' })), {
    name: 'ConflictingResourceUpdateException',
    message: /is of the template: change it there/,
  });
  await assert.rejects(iot.send(new GetTopicRuleCommand({ ruleName: 'nobody' })), {
    name: 'UnauthorizedException',
  });
});
