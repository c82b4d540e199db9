// `rule explain TelemetryRule message.json --topic telemetry/seattle/s1`: shows what a rule does with a message, and why.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '../clock.ts';
import { printableLines } from '../log.ts';
import { defaultLimits } from '../mqtt/limits.ts';
import type { InboundMessage } from '../mqtt/message.ts';
import { topicProblem } from '../mqtt/topics.ts';
import { explainRule } from '../rules/explain.ts';
import { parseJson } from '../json/json.ts';
import { isLookup, type LookupName, lookupNames, type Lookups } from '../rules/lookups.ts';
import { defaultEnvironment } from '../rules/message-context.ts';
import { rulesFromTemplate, type RuleSpec } from '../rules/rule-spec.ts';
import { isObject, memberOf } from '../json/value.ts';
import { commandLineOf, type Project } from '../project.ts';
import { sourceOf, sourceOptions, sourceUsage, type StackSource } from '../stack-source.ts';
import { StartError } from '../start-error.ts';
import { loadTemplate } from '../template/load.ts';
import { shownAs } from '../template/source-file.ts';
import { parseOverrides } from './overrides.ts';
import { folded } from './usage-text.ts';
import { why, whyForm } from './rule-why.ts';

const usageOf = (project?: Project) =>
  [
    folded(
      `usage: ${commandLineOf('rule', project)} explain RULE MESSAGE_FILE --topic TOPIC ${sourceUsage(project)}` +
        '[--client-id ID] [--principal ID] ' +
        '[--source-ip IP] [--content-type TYPE] [--response-topic TOPIC] [--correlation-data BASE64] ' +
        '[--user-property NAME=VALUE ...] [--answers FILE] [--parameter-overrides KEY=VALUE ...]',
    ),
    `       ${commandLineOf('rule', project)} explain --sql SQL MESSAGE_FILE --topic TOPIC`,
    '         needs no template',
    folded(`       ${commandLineOf('rule', project)} ${whyForm(project)}`),
    '         asks the running stack',
    '       MESSAGE_FILE - reads standard input.',
  ].join('\n');

interface Wanted {
  readonly source: StackSource;
  /** Name of a rule of the template, or an SQL statement. */
  readonly rule: string | { readonly sql: string };
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

/** The answers of services that the SQL calls, by the name of the function: no running stack is used. */
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
    if (answer === undefined) throw new Error('services are not called; give the answer with --answers FILE');
    return answer;
  };
  return Object.fromEntries(lookupNames.map((name) => [name, () => answerOf(name)]));
}

function readFlags(args: readonly string[], project: Project | undefined) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...sourceOptions(project),
        topic: { type: 'string' },
        sql: { type: 'string' },
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
    throw new StartError(`${(error as Error).message.split('\n')[0]}; ${usageOf(project)}`, { cause: error });
  }
}

function readUserProperty(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new StartError(`--user-property ${pair}: a user property is NAME=VALUE`);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

/** @returns undefined when help is requested. */
function readWanted(args: readonly string[], project?: Project): Wanted | undefined {
  const { values, positionals } = readFlags(args, project);
  if (values.help || args.length === 0) return undefined;
  const { topic, sql } = values;
  const [command, ...named] = positionals;
  const [rule, file, ...rest] = sql === undefined ? named : [{ sql }, ...named];
  if (command !== 'explain' || !rule || typeof file !== 'string' || rest.length > 0)
    throw new StartError(usageOf(project));
  if (topic === undefined)
    throw new StartError(`say with --topic where the message was published; ${usageOf(project)}`);
  const problem = topicProblem(topic, () => true);
  if (problem) throw new StartError(`--topic ${topic}: ${problem}`);
  const userProperties = values['user-property'].map(readUserProperty);
  const message: InboundMessage = {
    topic,
    payload: readPayload(file),
    qos: 1,
    retain: false,
    // By convention, a device's client ID is the last level of its topics.
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
  const overrides = parseOverrides(values['parameter-overrides'], usageOf(project));
  return { source: sourceOf(values, project), rule, message, answers, overrides };
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

/** An SQL statement on the command line needs no template. */
async function explainStatement(sql: string, { message, answers }: Wanted): Promise<readonly string[]> {
  const refuse = (problem: string) => new StartError(`--sql: ${problem}`);
  const spec: RuleSpec = { name: 'statement', sql, disabled: false, actions: [], refuse };
  const lookups = readAnswers(answers);
  const { lines, fires } = await explainRule(spec, message, {
    ...{ environment: defaultEnvironment, lookups, clock: systemClock },
  });
  const clauses = lines.slice(1);
  return fires ? clauses.slice(0, -2).filter((line) => !line.startsWith('Error action')) : clauses;
}

async function explain(wanted: Wanted) {
  const { source, rule: name, message, answers, overrides } = wanted;
  if (typeof name === 'object') return explainStatement(name.sql, wanted);
  const template = loadTemplate({ ...source, overrides });
  const rules = rulesFromTemplate(template);
  const asked = rules.find((rule) => rule.name === name);
  if (!asked) {
    const names = rules.map((rule) => rule.name).join(', ') || 'none';
    throw new StartError(`no rule ${name} in ${shownAs(source.file)}; it has ${names}`);
  }
  // One id, so that the shown value of an expression and what an action gets are the same.
  const id = randomUUID();
  const environment = { ...defaultEnvironment, accountId: template.accountId, newId: () => id };
  const lookups = readAnswers(answers);
  const explainOne = (rule: RuleSpec) =>
    explainRule(rule, message, { environment, lookups, clock: systemClock });
  const { lines } = await explainOne(asked);
  const others = await othersOf(rules, asked, explainOne);
  return others.length > 0 ? [...lines, `The same message fires ${others.join(', ')}.`] : lines;
}

/** Prints whether the rule fires, and why; resolves with the exit code. @throws StartError for a bad question */
export async function rule(args: readonly string[], project?: Project): Promise<number> {
  const [command, ...rest] = args;
  if (command === 'why') {
    process.stdout.write(`${printableLines((await why(rest, project)).join('\n'))}\n`);
    return 0;
  }
  const wanted = readWanted(args, project);
  const lines = wanted ? await explain(wanted) : [usageOf(project)];
  process.stdout.write(`${printableLines(lines.join('\n'))}\n`);
  return 0;
}
