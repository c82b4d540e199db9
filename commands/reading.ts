// `npm run reading -- explain payload.json --topic telemetry/seattle/s1`: explains how Tidegate reads a message, without a stack.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { printable } from '../core/channel-text.ts';
import { explainReading } from '../core/explain-reading.ts';
import type { MappingParts } from '../core/mapping.ts';
import { triedMapping } from '../core/mapping-schema.ts';
import { mappableOf, parseMessage, type ParsedMessage } from '../core/message.ts';
import type { TimeLimits } from '../core/reading.ts';
import { compileRule, defaultRules } from '../core/rule-data.ts';
import { ruleEventOf } from '../core/rule-event.ts';
import { createApplying } from '../core/map-message.ts';
import { formFaults } from '../core/schema-faults.ts';
import { CommandError, runCommand } from './command-error.ts';
import { parseFlags } from './flags.ts';

const USAGE = `usage: npm run reading -- explain FILE --topic telemetry/SITE/THING[/LEVEL ...]
                                  [--mapping FILE]
       FILE contains the payload of one message, as the device publishes it;
       - reads standard input. A LEVEL is a child or a metric.
       Shows the format, the time, the metrics, what is skipped and why, and
       the template's rules that judge it.
       With --mapping, a mapping reads the payload as in the stack
       (docs/mappings.md). The file has a JSONata expression or, if its name
       ends in .json, the body of a PUT.
       Exit code 0 if a reading is accepted, 1 if none is, 2 on errors.`;

const FLAGS = { topic: { type: 'string' }, mapping: { type: 'string' } } as const;
const DAY_SECONDS = 86_400;
const MAX_LEVELS = 8;

/** The default limits and rules, from the defaults of the template's parameters. */
function readTemplate(): { readonly limits: TimeLimits; readonly rules: ReturnType<typeof compileRule>[] } {
  const file = path.resolve(import.meta.dirname, '../template.yaml');
  const template = parseDocument(readFileSync(file, 'utf8'), { logLevel: 'silent' });
  const numberOf = (name: string) => Number(template.getIn(['Parameters', name, 'Default']));
  return {
    limits: {
      maxLatenessSeconds: numberOf('MaxLatenessDays') * DAY_SECONDS,
      maxSkewSeconds: numberOf('MaxSkewSeconds'),
    },
    rules: defaultRules({
      maxTemperature: numberOf('MaxTemperature'),
      minTemperature: numberOf('MinTemperature'),
      silentAfterMinutes: numberOf('SilentAfterMinutes'),
    }).map(compileRule),
  };
}

function readOptions(
  args: readonly string[],
): { readonly file: string; readonly topic: string; readonly mapping?: string } | undefined {
  const { values, positionals } = parseFlags(args, FLAGS, USAGE);
  if (values.help) return undefined;
  const [command, file, ...rest] = positionals;
  if (command !== 'explain' || !file || rest.length > 0) throw new CommandError(USAGE);
  if (!values.topic) throw new CommandError(`give the topic of the message with --topic; ${USAGE}`);
  return { file, topic: values.topic, ...(values.mapping !== undefined && { mapping: values.mapping }) };
}

function readBytes(file: string, content: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`;
    throw new CommandError(`${file}: ${reason}; it must contain ${content}`, { cause: error });
  }
}

/** The message as the template's rules pass it on. */
function eventOf(payload: Buffer, topic: string, now: number): object {
  const event = ruleEventOf(topic, payload, { receivedAt: now, traceId: 'explained' });
  if (event) return event;
  throw new CommandError(
    topic.split('/').length > MAX_LEVELS
      ? `--topic ${topic}: a topic has at most eight levels`
      : `--topic ${topic}: devices publish on telemetry/SITE/THING and below it`,
  );
}

/** Reads a mapping file. */
function mappingIn(file: string): Omit<MappingParts, 'id'> {
  const text = readBytes(file, 'a JSONata expression or a mapping as JSON').toString();
  if (!file.endsWith('.json')) return { expression: text };
  const found = triedMapping.safeParse(jsonIn(file, text));
  if (found.success) return found.data;
  const [fault] = formFaults(triedMapping, JSON.parse(text));
  throw new CommandError(`${file}: ${fault?.name || 'the mapping'} ${fault?.detail}`);
}

function jsonIn(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

async function readMessage(event: object, limits: TimeLimits, mapping?: string): Promise<ParsedMessage> {
  if (mapping === undefined) return parseMessage(event, limits);
  const parts = { ...mappingIn(mapping), id: path.parse(mapping).name };
  const mapped = await createApplying()(parts, mappableOf(event)!);
  return parseMessage(event, limits, mapped);
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const { limits, rules } = readTemplate();
  const now = Date.now();
  const payload = readBytes(options.file, 'the payload of one message');
  const message = await readMessage(eventOf(payload, options.topic, now), limits, options.mapping);
  // A payload may contain control sequences for the terminal.
  process.stdout.write(`${explainReading(message, rules, now).map(printable).join('\n')}\n`);
  return message.accepted.length > 0 ? 0 : 1;
}

await runCommand(main);
