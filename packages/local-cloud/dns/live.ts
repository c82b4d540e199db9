// The zones as they are now: those of the template, with what the Route 53 API changed since, kept on disk.

import { AwsError } from '../aws-error.ts';
import type { RecordFile } from '../files/record-file.ts';
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
  /** Records and checks that are not as the template has them. */
  readonly changed: () => number;
  /** All or none. @throws AwsError InvalidChangeBatch */
  change(zoneId: string, changes: readonly RecordChange[]): Promise<void>;
  changeCheck(id: string, change: CheckChange): Promise<void>;
}

/** A record that was made, or one of the template that was deleted. */
interface Stored {
  readonly record?: RecordSet;
}

const shown = ({ name, type, setIdentifier }: RecordSet) =>
  `[name='${name}', type='${type}'${setIdentifier === undefined ? '' : `, set-identifier='${setIdentifier}'`}]`;

const refuse = (reasons: readonly string[]): never => {
  throw new AwsError('InvalidChangeBatch', `[${reasons.join(', ')}]`);
};

/** What a record says, whatever made it. */
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

/** @param file is empty at first; its records come before those of the template. */
export function openLiveZones(model: DnsModel, file: RecordFile): LiveZones {
  const stored = file.table<Stored>('record');
  const storedChecks = file.table<CheckChange>('check');
  const zoneIds = new Set(model.zones.map(({ zone }) => zone.id));
  const checks = new Map(
    model.checks.map((check) => [check.id, { ...check, ...storedChecks.get(check.id) }] as const),
  );
  const known = { zoneIds, checks };
  const ofTemplate = new Map(
    model.zones.flatMap(({ records }) => records).map((record) => [keyOf(record), contentOf(record)]),
  );

  const withStored = ({ zone, records }: HostedZone): HostedZone => {
    const made = [...stored.values()].flatMap(({ record }) => (record?.zoneId === zone.id ? [record] : []));
    return { zone, records: [...records.filter((record) => !stored.has(keyOf(record))), ...made] };
  };
  let zones = model.zones.map(withStored);
  let indexes = zones.map(indexZone);

  return {
    zones: () => zones,
    indexes: () => indexes,
    checks: () => checks,
    changed: () => stored.size + storedChecks.size,
    async change(zoneId, changes) {
      const hosted = zones.find(({ zone }) => zone.id === zoneId)!;
      const records = applied(hosted.records, hosted.zone.name, changes);
      const next = { zone: hosted.zone, records };
      const problems = recordProblems(next, known).filter(({ isPermitted }) => !isPermitted);
      if (problems.length > 0) refuse([...new Set(problems.map(({ reason }) => reason))]);
      const before = zones;
      zones = zones.map((each) => (each === hosted ? next : each));
      const now = new Map(records.map((record) => [keyOf(record), record]));
      try {
        await file.commit(
          changes.map(({ record }) => {
            const [key, kept] = [keyOf(record), now.get(keyOf(record))];
            const isOriginal = ofTemplate.get(key) === (kept && contentOf(kept));
            return { kind: 'record', key, value: isOriginal ? undefined : kept ? { record: kept } : {} };
          }),
        );
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
