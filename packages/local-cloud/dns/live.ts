// The zones as they are now: those of the template, with the changes made through the Route 53 API, which are kept on disk.

import { AwsError } from '../aws-error.ts';
import type { Change, RecordFile } from '../files/record-file.ts';
import { indexZone, type ZoneIndex } from './find.ts';
import { keyOf, type DnsModel, type HealthCheck, type HostedZone, type RecordSet } from './model.ts';
import { recordProblems } from './record-checks.ts';

export interface RecordChange {
  readonly action: 'CREATE' | 'UPSERT' | 'DELETE';
  readonly record: RecordSet;
}

/** What the API may change of a check. */
export type CheckChange = Partial<Pick<HealthCheck, 'inverted' | 'disabled'>>;

export interface LiveZones {
  zones(): readonly HostedZone[];
  indexes(): readonly ZoneIndex[];
  checks(): ReadonlyMap<string, HealthCheck>;
  /** Number of records and checks that differ from the template. */
  readonly changed: () => number;
  /** All or none. @throws AwsError InvalidChangeBatch */
  change(zoneId: string, changes: readonly RecordChange[]): Promise<void>;
  changeCheck(id: string, change: CheckChange): Promise<void>;
}

/** A record that was created or changed; without `record`, one of the template that was deleted. */
interface Stored {
  readonly record?: RecordSet;
}

const shown = ({ name, type, setIdentifier }: RecordSet) =>
  `[name='${name}', type='${type}'${setIdentifier === undefined ? '' : `, set-identifier='${setIdentifier}'`}]`;

const refuse = (reasons: readonly string[]): never => {
  throw new AwsError('InvalidChangeBatch', `[${reasons.join(', ')}]`);
};

/** The content of a record, to compare it with another by. */
const contentOf = ({ routing, target, healthCheckId }: RecordSet) =>
  JSON.stringify([routing, target, healthCheckId ?? null]);

/** @throws AwsError for the first change that does not fit. */
function applied(records: readonly RecordSet[], apex: string, changes: readonly RecordChange[]): RecordSet[] {
  const byKey = new Map(records.map((record) => [keyOf(record), record]));
  for (const { action, record } of changes) {
    const known = byKey.get(keyOf(record));
    if (action === 'CREATE' && known)
      refuse([`Tried to create resource record set ${shown(record)} but it already exists`]);
    if (action !== 'DELETE') {
      byKey.set(keyOf(record), record);
      continue;
    }
    if (!known) refuse([`Tried to delete resource record set ${shown(record)} but it was not found`]);
    if (contentOf(known!) !== contentOf(record))
      refuse([
        `Tried to delete resource record set ${shown(record)} but the values provided do not match the current values`,
      ]);
    if (record.name === apex && (record.type === 'NS' || record.type === 'SOA'))
      refuse([`A HostedZone must contain the ${record.type} record of the zone itself.`]);
    byKey.delete(keyOf(record));
  }
  return [...byKey.values()];
}

/** The zone with the stored records in place of the template's. */
function withStored({ zone, records }: HostedZone, stored: ReadonlyMap<string, Stored>): HostedZone {
  const made = [...stored.values()].flatMap(({ record }) => (record?.zoneId === zone.id ? [record] : []));
  return { zone, records: [...records.filter((record) => !stored.has(keyOf(record))), ...made] };
}

/** The zone after the changes. @throws AwsError InvalidChangeBatch */
function changedZone(
  hosted: HostedZone,
  changes: readonly RecordChange[],
  known: Parameters<typeof recordProblems>[1],
): HostedZone {
  const next = { zone: hosted.zone, records: applied(hosted.records, hosted.zone.name, changes) };
  const problems = recordProblems(next, known).filter(({ isPermitted }) => !isPermitted);
  if (problems.length > 0) refuse([...new Set(problems.map(({ reason }) => reason))]);
  return next;
}

/** What the file has to hold after the changes: nothing of a record that is as the template has it. */
function toStore(
  changes: readonly RecordChange[],
  { records }: HostedZone,
  contentInTemplate: ReadonlyMap<string, string>,
): Change[] {
  const now = new Map(records.map((record) => [keyOf(record), record]));
  return changes.map(({ record }) => {
    const [key, kept] = [keyOf(record), now.get(keyOf(record))];
    const isOriginal = contentInTemplate.get(key) === (kept && contentOf(kept));
    return { kind: 'record', key, value: isOriginal ? undefined : kept ? { record: kept } : {} };
  });
}

/** @param file is empty at first; its records replace those of the template. */
export function openLiveZones(model: DnsModel, file: RecordFile): LiveZones {
  const stored = file.table<Stored>('record');
  const storedChecks = file.table<CheckChange>('check');
  const zoneIds = new Set(model.zones.map(({ zone }) => zone.id));
  const checks = new Map(
    model.checks.map((check) => [check.id, { ...check, ...storedChecks.get(check.id) }] as const),
  );
  const contentInTemplate = new Map(
    model.zones.flatMap(({ records }) => records).map((record) => [keyOf(record), contentOf(record)]),
  );
  let zones = model.zones.map((zone) => withStored(zone, stored));
  let indexes = zones.map(indexZone);

  return {
    zones: () => zones,
    indexes: () => indexes,
    checks: () => checks,
    changed: () => stored.size + storedChecks.size,
    async change(zoneId, changes) {
      const hosted = zones.find(({ zone }) => zone.id === zoneId)!;
      const next = changedZone(hosted, changes, { zoneIds, checks });
      const before = zones;
      zones = zones.map((each) => (each === hosted ? next : each));
      try {
        await file.commit(toStore(changes, next, contentInTemplate));
      } catch (error) {
        zones = before;
        throw error;
      }
      indexes = zones.map(indexZone);
    },
    async changeCheck(id, change) {
      const next = { ...checks.get(id)!, ...change };
      const { inverted, disabled } = next;
      await file.commit([{ kind: 'check', key: id, value: { inverted, disabled } }]);
      checks.set(id, next);
    },
  };
}
