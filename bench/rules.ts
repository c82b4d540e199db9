// Compares the template's telemetry rule on parsed input with a hand-written closure and JSONata: `node bench/rules.ts`.

import assert from 'node:assert/strict';
import path from 'node:path';
import jsonata from 'jsonata';
import { account } from '../packages/local-cloud/account.ts';
import {
  createMessageContext,
  defaultEnvironment,
  type MessageContext,
} from '../packages/local-cloud/rules/message-context.ts';
import { rulesFromTemplate } from '../packages/local-cloud/rules/rule-spec.ts';
import { compileStatement } from '../packages/local-cloud/rules/statement.ts';
import { loadTemplate } from '../packages/local-cloud/template/load.ts';

const root = path.resolve(import.meta.dirname, '..');
const template = loadTemplate({
  file: path.join(root, 'template.yaml'),
  samconfigFile: path.join(root, 'samconfig.toml'),
  environment: 'local',
  overrides: {},
  ...account,
  stackName: 'tidegate',
});
const message = {
  topic: 'telemetry/seattle/store-sensor-1',
  payload: Buffer.from('{"id":"a1b2","timestamp":1790000000123,"temperature":4.2,"humidity":51}'),
  qos: 1 as const,
  retain: false,
  clientId: 'store-sensor-1',
  principal: 'p',
  sourceIp: '127.0.0.1',
  receivedAt: 1_790_000_000_456,
  traceId: '12345678-1234-1234-1234-123456789012',
};

// All rules of the template, as in production: what they share must not slow down the first one.
const statements = rulesFromTemplate(template).map(({ name, sql }) => ({ name, ...compileStatement(sql) }));
const telemetry = statements.find(({ name }) => name === 'TelemetryRule')!;
const others = statements.filter((statement) => statement !== telemetry);

/** Finds numbers outside strings that may exceed a double, as the rule does. */
const EXACT = /[^"0-9A-Za-z._+-]-?(?:[0-9]{16}|[0-9.]{17}|[0-9.]+[eE][+-]?[0-9]{3})/;

function byHand(context: MessageContext): unknown {
  const parsed = context.payload();
  if (parsed.kind !== 'json' || context.base64() === '') return undefined;
  const [, site, deviceId] = context.segments();
  const { receivedAt, clientId, traceId, payload } = context.message;
  const selected = { ...(parsed.value as object), deviceId, site, receivedAt, clientId, traceId };
  return EXACT.test(payload.toString()) ? { ...selected, exactPayload: context.base64() } : selected;
}

const expression = jsonata(`$base64 != '' ? $merge([$, {
  'deviceId': $topic[2], 'site': $topic[1], 'receivedAt': $receivedAt, 'clientId': $clientId, 'traceId': $traceId
}])`);
function byJsonata(context: MessageContext): Promise<unknown> {
  const parsed = context.payload();
  const { receivedAt, clientId, traceId } = context.message;
  const bindings = { base64: context.base64(), topic: context.segments(), receivedAt, clientId, traceId };
  return expression.evaluate(parsed.kind === 'json' ? parsed.value : undefined, bindings) as Promise<unknown>;
}

const fresh = () => createMessageContext(message, message.topic, defaultEnvironment);
const parsed = fresh();
const foreign = createMessageContext({ ...message, payload: Buffer.from('x') }, 'a/b/c', defaultEnvironment);

const contenders: Record<string, () => unknown> = {
  'by hand, parsed': () => byHand(parsed),
  'compiled SQL, parsed': () => telemetry.evaluate(parsed),
  'JSONata, parsed': () => byJsonata(parsed),
  'by hand, from bytes': () => byHand(fresh()),
  'compiled SQL, from bytes': () => telemetry.evaluate(fresh()),
};

const compiled = telemetry.evaluate(parsed);
const selected =
  compiled.kind === 'selected' && compiled.output.kind === 'json' ? compiled.output.value : undefined;
assert.deepEqual(JSON.parse(JSON.stringify(selected)), byHand(parsed));
assert.deepEqual(JSON.parse(JSON.stringify(await byJsonata(parsed))), byHand(parsed));

const ROUNDS = 7;
const EVENTS = 200_000;
const SLOW = 20;
let sink: unknown;

async function nanosecondsPerEvent(name: string, run: () => unknown): Promise<number> {
  const events = name.startsWith('JSONata') ? EVENTS / SLOW : EVENTS;
  const begin = process.hrtime.bigint();
  if (name.startsWith('JSONata')) for (let n = 0; n < events; n++) sink = await run();
  else for (let n = 0; n < events; n++) sink = run();
  return Number(process.hrtime.bigint() - begin) / events;
}

// In turn, so that other load on the machine affects all of them; the median of the rounds counts.
const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (let n = 0; n < 1_000; n++) for (const other of others) sink = other.evaluate(foreign);
  for (const [name, run] of Object.entries(contenders))
    results[name]!.push(await nanosecondsPerEvent(name, run));
}
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const reference = median(results['by hand, parsed']!);
for (const [name, values] of Object.entries(results)) {
  const value = median(values);
  const best = values[0]!;
  console.log(
    `${name.padEnd(26)} ${value.toFixed(0).padStart(6)} ns/event  ${(value / reference).toFixed(2).padStart(6)} x  best ${best.toFixed(0)}`,
  );
}
if (sink === undefined) throw new Error('the rule selected nothing');
