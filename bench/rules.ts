// Measures the template's telemetry rule on parsed input beside a closure written by hand: `node bench/rules.ts`.
import { createMessageContext, defaultEnvironment } from '../local/rules/message-context.ts';
import type { MessageContext } from '../local/rules/message-context.ts';
import { compileStatement } from '../local/rules/statement.ts';

const sql = `SELECT *, topic(3) AS deviceId, topic(2) AS site, timestamp() AS receivedAt, clientid() AS clientId,
  traceid() AS traceId FROM 'telemetry/+/+' WHERE encode(*, 'base64') <> ''`;
const payload = Buffer.from('{"id":"a1b2","timestamp":1790000000123,"temperature":4.2,"humidity":51}');
const message = {
  topic: 'telemetry/seattle/store-sensor-1',
  payload,
  qos: 1 as const,
  retain: false,
  clientId: 'store-sensor-1',
  principal: 'p',
  sourceIp: '127.0.0.1',
  receivedAt: 1_790_000_000_456,
  traceId: '12345678-1234-1234-1234-123456789012',
};

const statement = compileStatement(sql);

function byHand(context: MessageContext): unknown {
  const parsed = context.payload();
  if (parsed.kind !== 'json' || context.base64() === '') return undefined;
  const [, site, deviceId] = context.segments();
  const { receivedAt, clientId, traceId } = context.message;
  return { ...(parsed.value as object), deviceId, site, receivedAt, clientId, traceId };
}

const fresh = () => createMessageContext(message, message.topic, defaultEnvironment);
const parsed = fresh();

const contenders: Record<string, () => unknown> = {
  'by hand, parsed': () => byHand(parsed),
  'compiled SQL, parsed': () => statement.evaluate(parsed),
  'by hand, from bytes': () => byHand(fresh()),
  'compiled SQL, from bytes': () => statement.evaluate(fresh()),
};

const ROUNDS = 7;
const EVENTS = 300_000;
let sink: unknown;

function nanosecondsPerEvent(run: () => unknown): number {
  const begin = process.hrtime.bigint();
  for (let n = 0; n < EVENTS; n++) sink = run();
  return Number(process.hrtime.bigint() - begin) / EVENTS;
}

// In turns, so that whatever else the machine does hits all of them; the median of the rounds counts.
const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(contenders)) results[name]!.push(nanosecondsPerEvent(run));
}
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const reference = median(results['by hand, parsed']!);
for (const [name, values] of Object.entries(results)) {
  const value = median(values);
  console.log(
    `${name.padEnd(26)} ${value.toFixed(0).padStart(6)} ns/event  ${(value / reference).toFixed(2)} x`,
  );
}
if (sink === undefined) throw new Error('the rule selected nothing');
