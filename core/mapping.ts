// Which mapping reads a message: people's own JSONata for devices that no format fits, in versions that each start at a time.

import { matches, type Match, type Subject } from './alert-rule.ts';
import type { Units } from './unit.ts';

/** Never changed once stored, so that a message is always read as it was when it arrived. */
export interface MappingVersion {
  readonly id: string;
  /** The version reads messages that arrive from this time until the next version starts; epoch milliseconds. */
  readonly from: number;
  /** For people. */
  readonly comment?: string;
  /** False: the built-in formats read the messages again. */
  readonly enabled?: boolean;
  readonly match?: Match;
  /** JSONata that turns a message's payload into one reading or an array of readings. Without it, the built-in formats read. */
  readonly expression?: string;
  /** Units of metrics; they override those in the messages. */
  readonly units?: Units;
  /** Converts Fahrenheit and Kelvin to Celsius. */
  readonly celsius?: boolean;
}

/** The parts of a version that act on a message. */
export type MappingParts = Pick<MappingVersion, 'id' | 'expression' | 'units' | 'celsius'>;

export interface Mapping {
  readonly id: string;
  /** One or more, in order of time. */
  readonly versions: readonly MappingVersion[];
}

/** The result of a mapping, or why there is none; neither if it has no expression. */
export type Mapped = Pick<MappingVersion, 'id' | 'units' | 'celsius'> &
  ({ readonly output: unknown } | { readonly problem: string } | { readonly isFormat: true });

/**
 * How long after it is stored a version takes effect: longer than any environment caches mappings, so that all of them, and
 * later readers of the archive, read a message alike.
 */
export const MAPPING_DELAY_MS = 60_000;

/** Whether the mapping has not been ended. */
export const isInUse = ({ versions }: Mapping) => versions.at(-1)?.enabled !== false;

export const MAX_MAPPING_VERSIONS = 50;
/** Mappings in use, that is, not ended. All stored mappings are read, whatever their number. */
export const MAX_MAPPINGS = 100;
export const MAX_EXPRESSION_LENGTH = 16_000;

/** For each mapping, the version in effect for messages that arrive at `at`, unless it is switched off; by id. */
export function versionsAt(mappings: readonly Mapping[], at: number): MappingVersion[] {
  return mappings
    .flatMap(({ versions }) => versions.findLast(({ from }) => from <= at) ?? [])
    .filter(({ enabled = true }) => enabled)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The first by id that matches the device. */
export function mappingFor(
  versions: readonly MappingVersion[],
  subject: Subject,
): MappingVersion | undefined {
  return versions.find(({ match }) => matches(match, subject));
}

/** Groups versions, as a table returns them, into mappings. */
export function mappingsOf(versions: readonly MappingVersion[]): Mapping[] {
  const byId = Map.groupBy(versions, ({ id }) => id);
  return [...byId]
    .map(([id, own]) => ({ id, versions: own.toSorted((a, b) => a.from - b.from) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
