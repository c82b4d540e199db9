// `npm run rule -- explain TelemetryRule message.json --topic telemetry/seattle/s1`: what a rule makes of a message, and why.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from './clock.ts';
import { parseOverrides } from './flags.ts';
import { ground } from './ground.ts';
import { printable } from './log.ts';
import { defaultLimits } from './mqtt/limits.ts';
import type { InboundMessage } from './mqtt/message.ts';
import { topicProblem } from './mqtt/topics.ts';
import { explainRule } from './rules/explain.ts';
import { parseJson } from './json/json.ts';
import type { LookupName, Lookups } from './rules/lookups.ts';
import { isLookup, lookupNames } from './rules/lookups.ts';
import { defaultEnvironment } from './rules/message-context.ts';
import type { RuleSpec } from './rules/rule-spec.ts';
import { rulesFromTemplate } from './rules/rule-spec.ts';
import { isObject, memberOf } from './json/value.ts';
import { StartError } from './start-error.ts';
import { loadTemplate } from './template/load.ts';

const usage =
  'usage: npm run rule -- explain RULE MESSAGE_FILE --topic TOPIC [--client-id ID] [--principal ID] ' +
  '[--source-ip IP] [--content-type TYPE] [--response-topic TOPIC] [--correlation-data BASE64] ' +
  '[--user-property NAME=VALUE ...] [--answers FILE] [--parameter-overrides KEY=VALUE ...]; MESSAGE_FILE - reads standard input';

const root = path.resolve(import.meta.dirname, '../..');

interface Wanted {
  readonly rule: string;
  readonly message: InboundMessage;
  readonly overrides: Readonly<Record<string, string>>;
  readonly answers?: string;
}

function readBytes(file: string, content: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`;
    throw new StartError(`${file}: ${reason}; it must hold ${content}`, { cause: error });
  }
}

function readPayload(file: string): Buffer {
  const bytes = readBytes(file, 'the payload of one message');
  if (bytes.length <= defaultLimits.payloadBytes) return bytes;
  throw new StartError(
    `${file}: a payload of ${bytes.length} bytes reaches no rule: the broker refuses more than ${defaultLimits.payloadBytes}`,
  );
}

/** What services answer when SQL asks them, by the name of the function: there is no running stack to ask. */
function readAnswers(file: string | undefined): Lookups {
  const content = 'a JSON object with the answer of each function, such as {"get_thing_shadow": {...}}';
  const found = file === undefined ? { value: {} } : parseJson(readBytes(file, content).toString('utf8'));
  if (!found || !isObject(found.value)) throw new StartError(`${file}: it must hold ${content}`);
  const answers = found.value;
  const unknown = Object.keys(answers).find((name) => !isLookup(name));
  if (unknown !== undefined) {
    throw new StartError(`${file}: ${unknown} asks no service; those that do are ${lookupNames.join(', ')}`);
  }
  const answerOf = async (name: LookupName) => {
    const answer = memberOf(answers, name);
    if (answer === undefined) throw new Error('no stack is asked; give its answer with --answers FILE');
    return answer;
  };
  return Object.fromEntries(lookupNames.map((name) => [name, () => answerOf(name)]));
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        topic: { type: 'string' },
        'client-id': { type: 'string' },
        principal: { type: 'string' },
        'source-ip': { type: 'string' },
        'content-type': { type: 'string' },
        'response-topic': { type: 'string' },
        'correlation-data': { type: 'string' },
        'user-property': { type: 'string', multiple: true, default: [] },
        answers: { type: 'string' },
        'parameter-overrides': { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new StartError(`${(error as Error).message.split('\n')[0]}; ${usage}`, { cause: error });
  }
}

function readUserProperty(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new StartError(`--user-property ${pair}: a user property is NAME=VALUE`);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

/** @returns undefined when help is asked for. */
function readWanted(args: readonly string[]): Wanted | undefined {
  const { values, positionals } = readFlags(args);
  if (values.help) return undefined;
  const [command, rule, file, ...rest] = positionals;
  const { topic } = values;
  if (command !== 'explain' || !rule || !file || rest.length > 0) throw new StartError(usage);
  if (topic === undefined) throw new StartError(`say with --topic where the message was published; ${usage}`);
  const problem = topicProblem(topic, () => true);
  if (problem) throw new StartError(`--topic ${topic}: ${problem}`);
  const userProperties = values['user-property'].map(readUserProperty);
  const message: InboundMessage = {
    topic,
    payload: readPayload(file),
    qos: 1,
    retain: false,
    // A device connects under its own name, and that is the last level of its topics.
    clientId: values['client-id'] ?? topic.split('/').at(-1)!,
    principal: values.principal ?? '0'.repeat(64),
    sourceIp: values['source-ip'] ?? '127.0.0.1',
    receivedAt: Date.now(),
    traceId: randomUUID(),
    properties: {
      contentType: values['content-type'],
      responseTopic: values['response-topic'],
      correlationData: values['correlation-data'],
      userProperties: userProperties.length > 0 ? userProperties : undefined,
    },
  };
  const { answers } = values;
  return { rule, message, answers, overrides: parseOverrides(values['parameter-overrides']) };
}

function readRules(overrides: Wanted['overrides']) {
  const template = loadTemplate({
    file: path.join(root, 'template.yaml'),
    samconfigFile: path.join(root, 'samconfig.toml'),
    environment: 'local',
    overrides,
    ...ground,
  });
  return { rules: rulesFromTemplate(template), accountId: template.accountId };
}

/** The names of the other rules that the same message fires. */
async function othersOf(
  rules: readonly RuleSpec[],
  asked: RuleSpec,
  explain: (rule: RuleSpec) => Promise<{ fires: boolean }>,
) {
  const names: string[] = [];
  for (const rule of rules) if (rule !== asked && (await explain(rule)).fires) names.push(rule.name);
  return names;
}

/** Resolves with the exit code: 0 if the rule fires or not, 1 if the question cannot be answered. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const wanted = readWanted(args);
    if (!wanted) {
      process.stdout.write(`${usage}\n`);
      return 0;
    }
    const { rules, accountId } = readRules(wanted.overrides);
    const rule = rules.find(({ name }) => name === wanted.rule);
    if (!rule) {
      const names = rules.map(({ name }) => name).join(', ') || 'none';
      throw new StartError(`no rule ${wanted.rule} in template.yaml; it has ${names}`);
    }
    // One id, so that what is shown of an expression and what an action gets agree.
    const id = randomUUID();
    const environment = { ...defaultEnvironment, accountId, newId: () => id };
    const lookups = readAnswers(wanted.answers);
    const explain = (spec: RuleSpec) =>
      explainRule(spec, wanted.message, { environment, lookups, clock: systemClock });
    const { lines } = await explain(rule);
    const others = await othersOf(rules, rule, explain);
    const last = others.length > 0 ? [`The same message fires ${others.join(', ')}.`] : [];
    process.stdout.write(`${[...lines, ...last].join('\n')}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`${printable(error.message)}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
