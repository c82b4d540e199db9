// Routes for mappings: custom JSONata for devices that no format fits, tested before it is stored, and stored in versions.

import * as z from 'zod/mini';
import { mappingFields } from '../core/mapping-schema.ts';
import {
  isInUse,
  MAPPING_DELAY_MS,
  MAX_MAPPING_VERSIONS,
  MAX_MAPPINGS,
  type Mapping,
  type MappingVersion,
} from '../core/mapping.ts';
import { ruleId } from '../core/text-schema.ts';
import type { LastMessages } from '../pipeline/api-ports.ts';
import type { DeviceStore, MappingStore, RuleStore } from '../pipeline/ports.ts';
import { readRules } from '../pipeline/rules.ts';
import { time } from './fields.ts';
import { createTrial, tried } from './mapping-trial.ts';
import { ApiProblem } from './problem.ts';
import { route, type Route } from './route.ts';

const MAX_MESSAGES = 100;

const messages = z
  .array(z.unknown())
  .check(
    z.minLength(1),
    z.maxLength(MAX_MESSAGES),
    z.describe('Payloads, or lines of the raw archive, to test the expression with'),
  );
const mappingBody = z.strictObject({
  id: z.optional(ruleId),
  ...mappingFields,
  messages: z.optional(messages),
});
type Body = z.output<typeof mappingBody>;

const version = z.strictObject({
  id: ruleId,
  from: time.check(z.describe('It applies to messages that arrive from then on; epoch milliseconds')),
  ...mappingFields,
});

const unreadableMapping = z
  .strictObject({ id: z.string(), problem: z.string() })
  .check(z.describe('A stored version that cannot be used, for example after an edit in the table'));

interface Ports {
  readonly mappings: MappingStore;
  readonly rules: Pick<RuleStore, 'read'>;
  readonly lastMessages: LastMessages;
  readonly devices: Pick<DeviceStore, 'load'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type Trial = ReturnType<typeof createTrial>;

/** What the routes share. */
interface Parts
  extends Ports, ReturnType<typeof createMappingChecks>, ReturnType<typeof createMappingVersions> {
  readonly trial: Trial;
}

/** Checks of a mapping, before it is stored. */
function createMappingChecks(trial: Trial) {
  /** Rejects with an ApiProblem that says what is wrong with the expression, or which of the messages it cannot read. */
  async function check(id: string, body: Body): Promise<void> {
    if (body.id !== undefined && body.id !== id) throw refused('id', `must be ${id}, as in the path`);
    if (body.expression === undefined && !body.units && !body.celsius)
      throw refused('expression', 'is missing: a mapping has an expression, units or celsius');
    if (body.expression !== undefined) await checkExpression(body.expression);
    const results = await trial.on({ ...body, id }, body.messages ?? []);
    for (const [index, { rejected }] of results.entries()) {
      if (rejected[0]) throw refused(`messages.${index}`, `is rejected: ${rejected[0].detail}`);
    }
    if (results.length > 0 && results.every(({ readings }) => readings.length === 0))
      throw refused('expression', 'gives no reading for any of the messages');
  }

  /** Warnings from a test of the mapping on the last messages. They do not stop it from being stored. */
  async function warningsOf(id: string, body: Body): Promise<string[]> {
    const { messages: results, note } = await trial.onLast({ ...body, id }, body.match);
    if (note !== undefined) return [`It was not tested on any message. ${note}`];
    const failed = results.flatMap(({ rejected: [first] }) => first?.detail ?? []);
    const without = results.filter(({ readings, rejected }) => readings.length + rejected.length === 0);
    const of = `of the last ${results.length} messages that match`;
    return [
      ...(failed[0] === undefined ? [] : [`It fails on ${failed.length} ${of}: ${failed[0]}`]),
      ...(without.length === 0 ? [] : [`It gives no reading for ${without.length} ${of}`]),
    ];
  }

  async function checkExpression(expression: string): Promise<void> {
    const { compileExpression, faultText } = await import('../core/mapping-expression.ts');
    const compiled = await compileExpression(expression);
    if ('detail' in compiled) throw refused('expression', `is not usable: ${faultText(compiled)}`);
  }

  return { check, warningsOf };
}

function createMappingVersions({ mappings, now }: Pick<Ports, 'mappings' | 'now'>) {
  async function find(id: string): Promise<Mapping | undefined> {
    return (await mappings.read()).mappings.find((mapping) => mapping.id === id);
  }

  async function append(
    known: Mapping | undefined,
    next: Omit<MappingVersion, 'from'>,
    limit?: number,
  ): Promise<MappingVersion> {
    const from = Math.max(now() + MAPPING_DELAY_MS, (known?.versions.at(-1)?.from ?? 0) + 1);
    const made = { ...next, from };
    const outcome = await mappings.append(made, limit);
    if (outcome === 'stored') return made;
    const detail =
      outcome === 'full'
        ? `The limit of ${MAX_MAPPINGS} mappings is reached: delete one, or let one expression cover more devices with its match`
        : `Mapping ${next.id} is being changed by someone else: read it again, then try again`;
    throw new ApiProblem(409, detail);
  }

  return { find, append };
}

function mappingsRoute({ mappings }: Pick<Parts, 'mappings'>): Route {
  return route({
    method: 'GET',
    path: '/mappings',
    summary: 'The newest version of each mapping',
    params: {},
    query: {},
    answer: z.strictObject({ mappings: z.array(version), unreadable: z.array(unreadableMapping) }),
    async run() {
      const { mappings: all, unreadable } = await mappings.read();
      return { mappings: all.map(({ versions }) => versions.at(-1)), unreadable };
    },
  });
}

function mappingRoute({ find }: Pick<Parts, 'find'>): Route {
  return route({
    method: 'GET',
    path: '/mappings/{mappingId}',
    summary: 'A mapping with all its versions, the newest last',
    params: { mappingId: ruleId },
    query: {},
    answer: z.strictObject({ id: ruleId, versions: z.array(version) }),
    async run({ params: { mappingId } }) {
      const found = await find(mappingId);
      if (found) return found;
      throw new ApiProblem(404, `There is no mapping ${mappingId}`);
    },
  });
}

function changeRoute({ check, find, warningsOf, append }: Parts): Route {
  return route({
    method: 'PUT',
    path: '/mappings/{mappingId}',
    summary:
      'Creates or changes a mapping. The new version applies to messages that arrive from one minute later. With `messages`, it is stored only if it can read them',
    params: { mappingId: ruleId },
    query: {},
    body: mappingBody,
    answer: z.extend(version, {
      warnings: z.optional(
        z.array(z.string()).check(z.describe('From a test on the last messages, if no messages were given')),
      ),
    }),
    async run({ params: { mappingId }, body }) {
      await check(mappingId, body);
      const known = await find(mappingId);
      if ((known?.versions.length ?? 0) >= MAX_MAPPING_VERSIONS) {
        const detail = `Mapping ${mappingId} has ${MAX_MAPPING_VERSIONS} versions, the most that are kept for the archive: delete it and create one with another id`;
        throw new ApiProblem(409, detail);
      }
      const warnings = body.messages ? [] : await warningsOf(mappingId, body);
      const isOneMore = !known || !isInUse(known);
      const made = await append(
        known,
        { ...storedOf(body), id: mappingId },
        isOneMore ? MAX_MAPPINGS : undefined,
      );
      return warnings.length > 0 ? { ...made, warnings } : made;
    },
  });
}

function removalRoute({ find, append }: Pick<Parts, 'find' | 'append'>): Route {
  return route({
    method: 'DELETE',
    path: '/mappings/{mappingId}',
    summary:
      'Ends a mapping one minute later: the built-in formats apply again. Its versions are kept for messages that arrived before',
    params: { mappingId: ruleId },
    query: {},
    answer: z.undefined(),
    async run({ params: { mappingId } }) {
      const known = await find(mappingId);
      const last = known?.versions.at(-1);
      if (!last || last.enabled === false) throw new ApiProblem(404, `There is no mapping ${mappingId}`);
      await append(known, { ...last, enabled: false });
    },
  });
}

function validationRoute({ check }: Pick<Parts, 'check'>): Route {
  return route({
    method: 'POST',
    path: '/mappings/{mappingId}/validate',
    summary: 'Checks a mapping, with messages if given, and stores nothing',
    params: { mappingId: ruleId },
    query: {},
    body: mappingBody,
    answer: z.strictObject({ id: ruleId, ...mappingFields }),
    async run({ params: { mappingId }, body }) {
      await check(mappingId, body);
      return { ...storedOf(body), id: mappingId };
    },
  });
}

function trialRoute({ check, rules, trial }: Pick<Parts, 'check' | 'rules' | 'trial'>): Route {
  return route({
    method: 'POST',
    path: '/mappings/{mappingId}/try',
    summary:
      'Shows the readings that a mapping gives for messages; without `messages`, for the last messages of the devices that it matches. Stores nothing',
    params: { mappingId: ruleId },
    query: {},
    body: mappingBody,
    answer: z.strictObject({
      messages: z.array(tried),
      note: z.optional(z.string().check(z.describe('Why there are no messages'))),
    }),
    async run({ params: { mappingId }, body }) {
      await check(mappingId, { ...body, messages: undefined });
      const mapping = { ...body, id: mappingId };
      const judging = (await readRules(rules)).rules;
      if (!body.messages) return trial.onLast(mapping, body.match, judging);
      return { messages: await trial.on(mapping, body.messages, judging) };
    },
  });
}

export function mappingRoutes(ports: Ports): Route[] {
  const trial = createTrial(ports);
  const parts: Parts = { ...ports, trial, ...createMappingChecks(trial), ...createMappingVersions(ports) };
  return [
    mappingsRoute(parts),
    mappingRoute(parts),
    changeRoute(parts),
    validationRoute(parts),
    trialRoute(parts),
    removalRoute(parts),
  ];
}

/** The mapping without the messages, which are only for testing. */
function storedOf({ messages: _messages, id: _id, ...rest }: Body): Omit<MappingVersion, 'id' | 'from'> {
  return rest;
}

function refused(name: string, detail: string): ApiProblem {
  return new ApiProblem(400, `body ${name} ${detail}`, [{ in: 'body', name, detail }]);
}
