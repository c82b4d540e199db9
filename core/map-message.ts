// Applies people's own JSONata mappings to messages, the same way for ingest, the stream and the audit.

import { needsRegistry } from './alert-rule.ts';
import type { Device } from './device.ts';
import { mappableOf } from './message.ts';
import { mappingFor, versionsAt, type Mapped, type Mapping, type MappingParts } from './mapping.ts';
import type { CompiledExpression, ExpressionFault } from './mapping-expression.ts';
import { createRecent, createRefreshing, createRemembering } from './recent.ts';

/** The result of the device's mapping; undefined if it has none. Rejects if a port does. */
export type MapMessage = (event: unknown) => Promise<Mapped | undefined>;

/** Far shorter than `MAPPING_DELAY_MS`. */
const MAPPINGS_SECONDS = 30;
const DEVICE_SECONDS = 60;
const KNOWN_DEVICES = 10_000;
const COMPILED = 100;

export function createMapping(ports: {
  readonly mappings: { read(): Promise<{ readonly mappings: readonly Mapping[] }> };
  readonly devices: { load(deviceId: string): Promise<Device | undefined> };
  /** Epoch milliseconds. */
  readonly now: () => number;
}): MapMessage {
  const { mappings, devices, now } = ports;
  const read = createRefreshing(async () => (await mappings.read()).mappings, {
    forMs: MAPPINGS_SECONDS * 1000,
    now,
  });
  // The registry may learn of an unknown device at any moment.
  const deviceOf = createRemembering(async (deviceId: string) => devices.load(deviceId), {
    limit: KNOWN_DEVICES,
    forMs: DEVICE_SECONDS * 1000,
    now,
    isKept: (device) => device?.attributes !== undefined,
  });
  const apply = createApplying();
  return async (event) => {
    const known = await read();
    const message = known.length > 0 ? mappableOf(event) : undefined;
    if (!message) return undefined;
    const { deviceId, site, receivedAt } = message.context;
    const versions = versionsAt(known, receivedAt);
    const device = versions.some(needsRegistry) ? await deviceOf(deviceId) : undefined;
    const version = mappingFor(versions, { ...device, deviceId, site });
    return version && apply(version, message);
  };
}

export type ApplyMapping = (
  mapping: MappingParts,
  message: NonNullable<ReturnType<typeof mappableOf>>,
) => Promise<Mapped>;

/** Applies expressions, compiling each once. */
export function createApplying(): ApplyMapping {
  const compiled = createRecent<CompiledExpression | ExpressionFault>(COMPILED);
  return async ({ id, expression, units, celsius }, { payload, context, levels }) => {
    const made = { id, ...(units && { units }), ...(celsius && { celsius }) };
    if (expression === undefined) return { ...made, isFormat: true };
    const { compileExpression, faultText } = await import('./mapping-expression.ts');
    const known = compiled.get(expression) ?? (await compileExpression(expression));
    compiled.set(expression, known);
    const found = 'detail' in known ? known : await known.evaluate(payload, { ...context, levels });
    if ('detail' in found) return { ...made, problem: faultText(found) };
    if (found.value === undefined) return { ...made, problem: 'it gives no result for this payload' };
    return { ...made, output: found.value };
  };
}
