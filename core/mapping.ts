// Which mapping reads a message: people's own JSONata for devices that no format fits, in versions that each have a time.

import { matches, type Match, type Subject } from './alert-rule.ts';
import type { Units } from './unit.ts';

/** Never changed once it is stored, so that a message is read tomorrow as it was when it arrived. */
export interface MappingVersion {
  readonly id: string;
  /** It reads messages that arrive from then on, until the next version does; epoch milliseconds. */
  readonly from: number;
  /** For people. */
  readonly comment?: string;
  /** False: the formats read again. */
  readonly enabled?: boolean;
  readonly match?: Match;
  /** JSONata: a message's payload becomes one reading or an array of them. Without it the formats read. */
  readonly expression?: string;
  /** The units of metrics, whatever the messages say. */
  readonly units?: Units;
  /** What is in Fahrenheit or Kelvin becomes Celsius. */
  readonly celsius?: boolean;
}

/** What a mapping does with a message. */
export type MappingParts = Pick<MappingVersion, 'id' | 'expression' | 'units' | 'celsius'>;

export interface Mapping {
  readonly id: string;
  /** One or more, in the order of their times. */
  readonly versions: readonly MappingVersion[];
}

/** What a mapping made of a message, or why it made nothing; neither where it has no expression. */
export type Mapped = Pick<MappingVersion, 'id' | 'units' | 'celsius'> &
  ({ readonly output: unknown } | { readonly problem: string } | { readonly isFormat: true });

/**
 * Until a version holds after it was stored: longer than any environment keeps what it read, so that all of them, and whoever
 * reads the archive later, read a message alike.
 */
export const MAPPING_DELAY_MS = 60_000;

/** Whether it was not ended. */
export const isInUse = ({ versions }: Mapping) => versions.at(-1)?.enabled !== false;

export const MAX_MAPPING_VERSIONS = 50;
/** In use, that is, not ended; those that are stored are read, however many. */
export const MAX_MAPPINGS = 100;
export const MAX_EXPRESSION_LENGTH = 16_000;

/** Of each mapping the version that holds for what arrives at `at`, unless it is switched off; by id. */
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

/** Versions as they come out of a table, put together. */
export function mappingsOf(versions: readonly MappingVersion[]): Mapping[] {
  const byId = Map.groupBy(versions, ({ id }) => id);
  return [...byId]
    .map(([id, own]) => ({ id, versions: own.toSorted((a, b) => a.from - b.from) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
