// A function's settings, read once at cold start, so that a wrong deployment fails at once and names the variable.

import type { TimeLimits } from '../core/reading.ts';
import { flag, limit, pattern, text, whole, zone, type Variables } from './variables.ts';

/** The alert limits from the template's parameters; absent: no limit. */
interface Limits {
  readonly maxTemperature?: number;
  readonly minTemperature?: number;
  /** A device that is silent for longer raises an alert; 0: never. */
  readonly silentAfterMinutes: number;
}

/** The settings for judging and notifying. */
export interface AlertEnvironment extends Limits {
  readonly devicesTable: string;
  readonly rulesTable: string;
  readonly alertsTable: string;
  readonly alertHistoryTable: string;
  readonly alertsTopicArn: string;
  readonly windowRetentionDays: number;
  /** For the alert history, and for hours. */
  readonly historyRetentionDays: number;
  /** Notifications over this number become a digest. */
  readonly alertsPerMinute: number;
  /** The page that mails link to, without a trailing slash; empty: no link. */
  readonly dashboardOrigin: string;
  /** Time zone of mails for devices without one in the registry: an IANA name. */
  readonly timeZone: string;
}

export interface IngestEnvironment extends AlertEnvironment, TimeLimits {
  readonly windowsTable: string;
  readonly fingerprintsTable: string;
  readonly rollupsTable: string;
  readonly errorsBucket: string;
  readonly windowSeconds: number;
}

export interface SweepEnvironment extends AlertEnvironment {
  readonly windowsTable: string;
  readonly windowSeconds: number;
}

export interface AttachPolicyEnvironment {
  readonly dashboardPolicy: string;
  /** `arn:aws:iot:us-east-1:111122223333` */
  readonly iotArn: string;
  readonly identityPoolId: string;
  readonly userPoolId: string;
}

export interface PresenceEnvironment {
  readonly devicesTable: string;
  /** Also stores the connection log. */
  readonly alertHistoryTable: string;
}

export interface ThingsEnvironment {
  /** Empty if the stack has no user pool. */
  readonly userPoolId: string;
  readonly devicesTable: string;
  readonly registrationsTable: string;
  /** Most devices that can be added in an hour; 0: any number. */
  readonly registrationsPerHour: number;
  readonly devicePolicy: string;
}

export interface ApiEnvironment extends Limits, TimeLimits {
  readonly alertsTopicArn: string;
  readonly errorsBucket: string;
  /** The name of the function that replays failed messages. */
  readonly ingestFunction: string;
  readonly rawBucket: string;
  readonly parsedBucket: string;
  /** Empty if the stack has no user pool. */
  readonly userPoolId: string;
  readonly alertsTable: string;
  readonly alertHistoryTable: string;
  readonly windowRetentionDays: number;
  readonly historyRetentionDays: number;
  /** Time zone of reports for devices without one in the registry: an IANA name. */
  readonly timeZone: string;
  readonly windowsTable: string;
  readonly rollupsTable: string;
  readonly devicesTable: string;
  readonly rulesTable: string;
  readonly windowSeconds: number;
}

export interface RollupEnvironment {
  readonly windowsTable: string;
  readonly rollupsTable: string;
  readonly devicesTable: string;
  readonly windowSeconds: number;
  readonly windowRetentionDays: number;
  readonly historyRetentionDays: number;
}

export interface UndeliveredEnvironment {
  readonly alertHistoryTable: string;
  readonly historyRetentionDays: number;
  /** The queue of undelivered text messages; the other queue is for mails. */
  readonly textQueueUrl: string;
}

export interface ParseBatchEnvironment {
  readonly rawBucket: string;
  readonly parsedBucket: string;
  readonly rulesTable: string;
  readonly devicesTable: string;
  readonly windowSeconds: number;
  readonly maxLatenessSeconds: number;
  readonly maxSkewSeconds: number;
}

export interface ProvisionHookEnvironment {
  /** Must match the whole serial number of a device. */
  readonly serialNumberPattern: RegExp;
  readonly registrationsTable: string;
  /** Most devices that can be registered in an hour; 0: any number. */
  readonly registrationsPerHour: number;
  /** Whether only listed serial numbers may register. */
  readonly requiresListing: boolean;
}

const DAY_SECONDS = 86_400;

/**
 * Reads the ingest function's variables. Throws an Error that names the variable if it is missing or not a number in its
 * range, and an Error if windows would expire less than a day after the latest reading that may change them: Lambda
 * retries for up to six hours, and a reading must never recreate half of a deleted window.
 */
export function readIngestEnvironment(variables: Variables): IngestEnvironment {
  const environment: IngestEnvironment = {
    ...alertsOf(variables),
    windowsTable: text(variables, 'WINDOWS_TABLE'),
    fingerprintsTable: text(variables, 'FINGERPRINTS_TABLE'),
    rollupsTable: text(variables, 'ROLLUPS_TABLE'),
    errorsBucket: text(variables, 'ERRORS_BUCKET'),
    windowSeconds: whole(variables, 'WINDOW_SECONDS', 1, 3600),
    ...timeLimitsOf(variables),
  };
  const { windowRetentionDays, maxLatenessSeconds } = environment;
  if (windowRetentionDays * DAY_SECONDS < maxLatenessSeconds + DAY_SECONDS) {
    throw new Error('WINDOW_RETENTION_DAYS must be at least a day longer than MAX_LATENESS_SECONDS');
  }
  return environment;
}

const timeLimitsOf = (variables: Variables): TimeLimits => ({
  maxLatenessSeconds: whole(variables, 'MAX_LATENESS_SECONDS', 0, 366 * DAY_SECONDS),
  maxSkewSeconds: whole(variables, 'MAX_SKEW_SECONDS', 0, DAY_SECONDS),
});

/** CloudFormation cannot compare numbers, so the order of the two limits is checked here first. */
function limitsOf(variables: Variables): Limits {
  const maxTemperature = limit(variables, 'MAX_TEMPERATURE');
  const minTemperature = limit(variables, 'MIN_TEMPERATURE');
  if (minTemperature !== undefined && maxTemperature !== undefined && minTemperature >= maxTemperature) {
    throw new Error(
      `MIN_TEMPERATURE (${minTemperature}) must be less than MAX_TEMPERATURE (${maxTemperature})`,
    );
  }
  return {
    maxTemperature,
    minTemperature,
    silentAfterMinutes: whole(variables, 'SILENT_AFTER_MINUTES', 0, 10_080),
  };
}

function alertsOf(variables: Variables): AlertEnvironment {
  return {
    devicesTable: text(variables, 'DEVICES_TABLE'),
    rulesTable: text(variables, 'RULES_TABLE'),
    alertsTable: text(variables, 'ALERTS_TABLE'),
    alertHistoryTable: text(variables, 'ALERT_HISTORY_TABLE'),
    alertsTopicArn: text(variables, 'ALERTS_TOPIC_ARN'),
    windowRetentionDays: whole(variables, 'WINDOW_RETENTION_DAYS', 1, 36_500),
    historyRetentionDays: whole(variables, 'HISTORY_RETENTION_DAYS', 1, 36_500),
    alertsPerMinute: whole(variables, 'ALERTS_PER_MINUTE', 1, 10_000),
    dashboardOrigin: variables['DASHBOARD_ORIGIN'] ?? '',
    timeZone: zone(variables, 'TIME_ZONE'),
    ...limitsOf(variables),
  };
}

/** Reads the parse-batch function's variables. Throws an Error that names a missing or wrong variable. */
export function readParseBatchEnvironment(variables: Variables): ParseBatchEnvironment {
  return {
    rawBucket: text(variables, 'RAW_BUCKET'),
    parsedBucket: text(variables, 'PARSED_BUCKET'),
    rulesTable: text(variables, 'RULES_TABLE'),
    devicesTable: text(variables, 'DEVICES_TABLE'),
    windowSeconds: whole(variables, 'WINDOW_SECONDS', 1, 3600),
    maxLatenessSeconds: whole(variables, 'MAX_LATENESS_SECONDS', 0, 366 * DAY_SECONDS),
    maxSkewSeconds: whole(variables, 'MAX_SKEW_SECONDS', 0, DAY_SECONDS),
  };
}

/** Reads the attach-policy function's variables. Throws an Error that names a missing variable. */
export function readAttachPolicyEnvironment(variables: Variables): AttachPolicyEnvironment {
  return {
    dashboardPolicy: text(variables, 'DASHBOARD_POLICY'),
    iotArn: text(variables, 'IOT_ARN'),
    identityPoolId: text(variables, 'IDENTITY_POOL_ID'),
    userPoolId: text(variables, 'USER_POOL_ID'),
  };
}

/** Reads the sweep function's variables. Throws an Error that names a missing or wrong variable. */
export function readSweepEnvironment(variables: Variables): SweepEnvironment {
  return {
    ...alertsOf(variables),
    windowsTable: text(variables, 'WINDOWS_TABLE'),
    windowSeconds: whole(variables, 'WINDOW_SECONDS', 1, 3600),
  };
}

/** Reads the rollup function's variables. Throws an Error that names a missing or wrong variable. */
export function readRollupEnvironment(variables: Variables): RollupEnvironment {
  return {
    windowsTable: text(variables, 'WINDOWS_TABLE'),
    rollupsTable: text(variables, 'ROLLUPS_TABLE'),
    devicesTable: text(variables, 'DEVICES_TABLE'),
    windowSeconds: whole(variables, 'WINDOW_SECONDS', 1, 3600),
    windowRetentionDays: whole(variables, 'WINDOW_RETENTION_DAYS', 1, 36_500),
    historyRetentionDays: whole(variables, 'HISTORY_RETENTION_DAYS', 1, 36_500),
  };
}

/** Reads the variables of the function for undelivered messages. Throws an Error that names a missing variable. */
export function readUndeliveredEnvironment(variables: Variables): UndeliveredEnvironment {
  return {
    alertHistoryTable: text(variables, 'ALERT_HISTORY_TABLE'),
    historyRetentionDays: whole(variables, 'HISTORY_RETENTION_DAYS', 1, 36_500),
    textQueueUrl: text(variables, 'TEXT_QUEUE_URL'),
  };
}

/** Reads the presence function's variables. Throws an Error that names a missing variable. */
export function readPresenceEnvironment(variables: Variables): PresenceEnvironment {
  return {
    devicesTable: text(variables, 'DEVICES_TABLE'),
    alertHistoryTable: text(variables, 'ALERT_HISTORY_TABLE'),
  };
}

/** Reads the things function's variables. Throws an Error that names a missing or wrong variable. */
export function readThingsEnvironment(variables: Variables): ThingsEnvironment {
  return {
    userPoolId: variables['USER_POOL_ID'] ?? '',
    devicesTable: text(variables, 'DEVICES_TABLE'),
    registrationsTable: text(variables, 'REGISTRATIONS_TABLE'),
    registrationsPerHour: whole(variables, 'REGISTRATIONS_PER_HOUR', 0, 2000),
    devicePolicy: text(variables, 'DEVICE_POLICY'),
  };
}

/** Reads the variables of the HTTP API's function. Throws an Error that names a missing or wrong variable. */
export function readApiEnvironment(variables: Variables): ApiEnvironment {
  return {
    ...timeLimitsOf(variables),
    errorsBucket: text(variables, 'ERRORS_BUCKET'),
    alertsTopicArn: text(variables, 'ALERTS_TOPIC_ARN'),
    ingestFunction: text(variables, 'INGEST_FUNCTION'),
    rawBucket: text(variables, 'RAW_BUCKET'),
    parsedBucket: text(variables, 'PARSED_BUCKET'),
    userPoolId: variables['USER_POOL_ID'] ?? '',
    windowsTable: text(variables, 'WINDOWS_TABLE'),
    rollupsTable: text(variables, 'ROLLUPS_TABLE'),
    devicesTable: text(variables, 'DEVICES_TABLE'),
    rulesTable: text(variables, 'RULES_TABLE'),
    alertsTable: text(variables, 'ALERTS_TABLE'),
    alertHistoryTable: text(variables, 'ALERT_HISTORY_TABLE'),
    windowSeconds: whole(variables, 'WINDOW_SECONDS', 1, 3600),
    windowRetentionDays: whole(variables, 'WINDOW_RETENTION_DAYS', 1, 36_500),
    historyRetentionDays: whole(variables, 'HISTORY_RETENTION_DAYS', 1, 36_500),
    timeZone: zone(variables, 'TIME_ZONE'),
    ...limitsOf(variables),
  };
}

/** Reads the variables of the pre-provisioning hook. Throws an Error that names a missing or wrong variable. */
export function readProvisionHookEnvironment(variables: Variables): ProvisionHookEnvironment {
  return {
    serialNumberPattern: pattern(variables, 'SERIAL_NUMBER_PATTERN'),
    registrationsTable: text(variables, 'REGISTRATIONS_TABLE'),
    registrationsPerHour: whole(variables, 'REGISTRATIONS_PER_HOUR', 0, 2000),
    requiresListing: flag(variables, 'REQUIRE_LISTED_SERIALS'),
  };
}
