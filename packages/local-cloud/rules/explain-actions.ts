// Shows what each action of a rule would send: the real actions run, against services that only note their calls.

import type { Action, RuleTargets, Selected } from './action.ts';
import { compileAction } from './actions.ts';
import { oneLine, outcomeOf, sourceOf } from './explain-expression.ts';
import { untilAnswered } from './lookups.ts';
import { parseTemplate } from './parse.ts';
import type { ActionSpec } from './rule-spec.ts';
import type { Scope } from './scope.ts';
import type { CompiledStatement } from './statement.ts';

type Note = (line: string) => void;

type Notes<Service extends keyof RuleTargets> = Required<Pick<RuleTargets, Service>>;

const noteStreams = (note: Note): Notes<'streams' | 'dataStreams'> => ({
  streams: {
    async put(name, records) {
      for (const record of records) {
        note(`delivery stream ${name} gets ${record.length} bytes: ${oneLine(record.toString('utf8'))}`);
      }
    },
  },
  dataStreams: {
    async put(name, { partitionKey, data }) {
      note(`stream ${name} gets under the key ${oneLine(partitionKey)}: ${oneLine(data.toString('utf8'))}`);
    },
  },
});

const noteStores = (note: Note): Notes<'store' | 'tables' | 'logs'> => ({
  store: {
    async put(bucket, key, body) {
      note(`bucket ${bucket}, key ${oneLine(key)}`);
      note(`${body.length} bytes: ${oneLine(body.toString('utf8'))}`);
    },
  },
  tables: {
    put: async (table, item) => note(`table ${table} gets the item ${oneLine(JSON.stringify(item))}`),
  },
  logs: {
    async put(group, events) {
      for (const { timestamp, message } of events)
        note(`log group ${group} gets at ${timestamp}: ${oneLine(message)}`);
    },
  },
});

const noteReceivers = (note: Note): Notes<'lambda' | 'topics' | 'queues' | 'http' | 'publish'> => ({
  lambda: {
    invokeAsync: async (name, payload) => note(`function ${name} gets ${oneLine(payload)}`),
  },
  topics: {
    async publish({ topicArn, message, messageStructure }) {
      const form = messageStructure ? ', one text for each protocol' : '';
      note(`topic ${topicArn} gets ${oneLine(message)}${form}`);
    },
  },
  queues: {
    put: async (queue, body) => note(`queue ${queue} gets ${oneLine(body)}`),
  },
  http: {
    // The running stack decides whether it may post there.
    hosts: 'any',
    post: async (url, _headers, body) => note(`${url} gets ${oneLine(body.toString('utf8'))}`),
  },
  async publish({ topic, payload, qos, properties }) {
    note(`${oneLine(topic)} gets with QoS ${qos}: ${oneLine(payload.toString('utf8'))}`);
    if (properties) note(`with ${oneLine(JSON.stringify(properties))}`);
  },
});

/** Services that only note their calls. */
export const takeNotes = (note: Note): RuleTargets => ({
  ...noteStreams(note),
  ...noteStores(note),
  ...noteReceivers(note),
});

/** Every text with a substitution, with the path of properties that leads to it. */
function templatesOf(value: unknown, path: string): [string, string][] {
  if (typeof value === 'string') return value.includes('${') ? [[path, value]] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    templatesOf(member, path ? `${path}.${name}` : name),
  );
}

function explainTemplates(spec: ActionSpec, statement: CompiledStatement, scope: Scope): string[] {
  return templatesOf(spec.properties, '').flatMap(([path, text]) => {
    const names = { ...statement.names, sql: text };
    const expressions = parseTemplate(text).filter((part) => typeof part !== 'string');
    return [
      `${path}: ${oneLine(text)}`,
      ...expressions.map((part) => `  \${${sourceOf(part, names)}} = ${outcomeOf(part, names, scope)}`),
    ];
  });
}

export interface ExplainedAction {
  readonly lines: readonly string[];
  readonly action: Action;
  /** Why the action fails before it calls its service. */
  readonly failure?: string;
}

/** @throws StartError for what the local cloud cannot do */
export async function explainAction(
  spec: ActionSpec,
  statement: CompiledStatement,
  selected: Selected,
): Promise<ExplainedAction> {
  const lines = explainTemplates(spec, statement, selected.scope);
  const action = compileAction(
    spec,
    takeNotes((line) => lines.push(line)),
    statement,
  );
  try {
    await (
      await untilAnswered(() => action.prepare(selected))
    )();
    return { lines, action };
  } catch (error) {
    const failure = (error as Error).message;
    return { lines: [...lines, `fails: ${oneLine(failure)}`], action, failure };
  }
}
