// Mappings over HTTP: people's own JSONata for devices that no format fits, tried before it is kept, and kept in versions.

import * as z from 'zod/mini';
import type { AlertRule } from '../core/alert-rule.ts';
import { decimalText } from '../core/decimal.ts';
import { mappingFields } from '../core/mapping-schema.ts';
import {
  MAPPING_DELAY_MS,
  MAX_MAPPING_VERSIONS,
  MAX_MAPPINGS,
  type Mapping,
  type MappingVersion,
} from '../core/mapping.ts';
import { mappableOf, parseMessage, type ParsedMessage } from '../core/message.ts';
import { mappingHints } from '../core/spelling-hint.ts';
import { ruleId } from '../core/text-schema.ts';
import { createApplying } from '../core/map-message.ts';
import type { MappingStore, RuleStore } from '../pipeline/ports.ts';
import { readRules } from '../pipeline/rules.ts';
import { time } from './fields.ts';
import { ApiProblem } from './problem.ts';
import { route, type Route } from './route.ts';

const MAX_MESSAGES = 100;
/** A sample may be of any time. */
const ANY_TIME = { maxLatenessSeconds: 1e10, maxSkewSeconds: 1e10 };

const messages = z
  .array(z.unknown())
  .check(
    z.minLength(1),
    z.maxLength(MAX_MESSAGES),
    z.describe('Payloads, or lines of the raw archive, to try the expression on'),
  );
const mappingBody = z.strictObject({
  id: z.optional(ruleId),
  ...mappingFields,
  messages: z.optional(messages),
});
type Body = z.output<typeof mappingBody>;

const version = z.strictObject({
  id: ruleId,
  from: time.check(z.describe('It reads messages that arrive from then on; epoch milliseconds')),
  ...mappingFields,
});

const tried = z.strictObject({
  readings: z.array(
    z.strictObject({
      deviceId: z.string(),
      timestamp: time,
      metrics: z.array(z.strictObject({ name: z.string(), value: z.string() })),
    }),
  ),
  rejected: z.array(z.strictObject({ reason: z.string(), detail: z.string() })),
  skipped: z.array(z.string()),
  hints: z.optional(
    z.array(z.string()).check(z.describe('Rules that pass over a metric only for how it is spelled')),
  ),
});
type Tried = z.output<typeof tried>;

const unreadableMapping = z
  .strictObject({ id: z.string(), problem: z.string() })
  .check(z.describe('A stored version that reads nothing, edited by hand say'));

export function mappingRoutes(ports: {
  readonly mappings: MappingStore;
  readonly rules: Pick<RuleStore, 'read'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Route[] {
  const { mappings, rules, now } = ports;
  const apply = createApplying();

  async function tryOn(id: string, { expression }: Body, samples: readonly unknown[]): Promise<Tried[]> {
    const results: Tried[] = [];
    for (const sample of samples) {
      const event = eventOf(sample, now());
      const mapped = await apply({ id, expression }, mappableOf(event)!);
      results.push(shownOf(parseMessage(event, ANY_TIME, mapped)));
    }
    return results;
  }

  /** Throws an ApiProblem that says what is wrong with the expression, or which of its messages it does not read. */
  async function check(id: string, body: Body): Promise<void> {
    if (body.id !== undefined && body.id !== id) throw refused('id', `must be ${id}, as in the path`);
    const { compileExpression, faultText } = await import('../core/mapping-expression.ts');
    const compiled = await compileExpression(body.expression);
    if ('detail' in compiled) throw refused('expression', `is not usable: ${faultText(compiled)}`);
    const results = await tryOn(id, body, body.messages ?? []);
    for (const [index, { rejected }] of results.entries()) {
      if (rejected[0]) throw refused(`messages.${index}`, `is rejected: ${rejected[0].detail}`);
    }
    if (results.length > 0 && results.every(({ readings }) => readings.length === 0))
      throw refused('expression', 'makes no reading of any of the messages');
  }

  async function find(id: string): Promise<Mapping | undefined> {
    return (await mappings.read()).mappings.find((mapping) => mapping.id === id);
  }

  async function append(
    known: Mapping | undefined,
    next: Omit<MappingVersion, 'from'>,
  ): Promise<MappingVersion> {
    const from = Math.max(now() + MAPPING_DELAY_MS, (known?.versions.at(-1)?.from ?? 0) + 1);
    const made = { ...next, from };
    if (!(await mappings.append(made)))
      throw new ApiProblem(
        409,
        `Somebody else changes mapping ${next.id} at this moment: look, and try again`,
      );
    return made;
  }

  return [
    route({
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
    }),
    route({
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
    }),
    route({
      method: 'PUT',
      path: '/mappings/{mappingId}',
      summary:
        'Makes or changes a mapping; the new version reads messages that arrive from one minute later on. With messages it is stored only if it reads them',
      params: { mappingId: ruleId },
      query: {},
      body: mappingBody,
      answer: version,
      async run({ params: { mappingId }, body }) {
        await check(mappingId, body);
        const { mappings: all } = await mappings.read();
        const known = all.find((mapping) => mapping.id === mappingId);
        if (!isInUse(known) && all.filter(isInUse).length >= MAX_MAPPINGS) {
          const detail = `There are ${MAX_MAPPINGS} mappings, which is the limit: delete one, or let one expression read more devices by its match`;
          throw new ApiProblem(409, detail);
        }
        if ((known?.versions.length ?? 0) >= MAX_MAPPING_VERSIONS) {
          const detail = `Mapping ${mappingId} has ${MAX_MAPPING_VERSIONS} versions, which are kept for the archive: delete it and make one of another id`;
          throw new ApiProblem(409, detail);
        }
        return append(known, { ...storedOf(body), id: mappingId });
      },
    }),
    route({
      method: 'POST',
      path: '/mappings/{mappingId}/validate',
      summary: 'Checks a mapping, on messages if there are any, and stores nothing',
      params: { mappingId: ruleId },
      query: {},
      body: mappingBody,
      answer: z.strictObject({ id: ruleId, ...mappingFields }),
      async run({ params: { mappingId }, body }) {
        await check(mappingId, body);
        return { ...storedOf(body), id: mappingId };
      },
    }),
    route({
      method: 'POST',
      path: '/mappings/{mappingId}/try',
      summary: 'Shows what a mapping makes of messages; stores nothing',
      params: { mappingId: ruleId },
      query: {},
      body: z.extend(mappingBody, { messages }),
      answer: z.strictObject({ messages: z.array(tried) }),
      async run({ params: { mappingId }, body }) {
        const judging = (await readRules(rules)).rules;
        const results = await tryOn(mappingId, body, body.messages);
        return {
          messages: results.map((result, index) => withHints(result, judging, body.messages[index])),
        };
      },
    }),
    route({
      method: 'DELETE',
      path: '/mappings/{mappingId}',
      summary:
        'Ends a mapping one minute later: the formats read again. Its versions are kept, for messages that arrived before',
      params: { mappingId: ruleId },
      query: {},
      answer: z.undefined(),
      async run({ params: { mappingId } }) {
        const known = await find(mappingId);
        const last = known?.versions.at(-1);
        if (!last || last.enabled === false) throw new ApiProblem(404, `There is no mapping ${mappingId}`);
        await append(known, { ...last, enabled: false });
      },
    }),
  ];
}

const isInUse = (mapping: Mapping | undefined) => mapping && mapping.versions.at(-1)?.enabled !== false;

/** A bare payload may be of any device, so that the match of no rule is asked. */
function withHints(result: Tried, rules: readonly AlertRule[], sample: unknown): Tried {
  const hints = result.readings.flatMap(({ deviceId, metrics }) => {
    const { site } = (sample ?? {}) as { readonly site?: unknown };
    const subject = { deviceId, ...(typeof site === 'string' && { site }) };
    const names = metrics.map(({ name }) => name);
    return mappingHints(rules, names, mappableOf(sample) ? subject : undefined);
  });
  return hints.length > 0 ? { ...result, hints: [...new Set(hints)] } : result;
}

/** A line of the archive as it is, a payload as a message that arrives now. */
function eventOf(sample: unknown, now: number): unknown {
  if (mappableOf(sample)) return sample;
  const rawPayload = Buffer.from(typeof sample === 'string' ? sample : JSON.stringify(sample)).toString(
    'base64',
  );
  return { rawPayload, deviceId: 'device', site: 'site', receivedAt: now, traceId: 'tried' };
}

function shownOf({ accepted, rejected, skipped }: ParsedMessage): Tried {
  return {
    readings: accepted.map(({ deviceId, timestamp, metrics }) => ({
      deviceId,
      timestamp,
      metrics: metrics.map(({ name, value }) => ({ name, value: decimalText(value) })),
    })),
    rejected: rejected.map(({ reason, detail }) => ({ reason, detail })),
    skipped: skipped.map(({ name, reason }) => `${name} (${reason})`),
  };
}

/** Without the messages, which are for trying only. */
function storedOf({ messages: _messages, id: _id, ...rest }: Body): Omit<MappingVersion, 'id' | 'from'> {
  return rest;
}

function refused(name: string, detail: string): ApiProblem {
  return new ApiProblem(400, `body ${name} ${detail}`, [{ in: 'body', name, detail }]);
}
