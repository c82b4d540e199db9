// Lambda's environment for a function under test: the template's variables, a context, an event, and a captured console.

import { jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Context } from 'aws-lambda';
import { callsAreOf, judgeCalls } from './function-calls.ts';

/**
 * The variables of all functions that store or evaluate windows, with the template's defaults and the table names of
 * tests/adapters/tables.ts.
 */
export const tableVariables = {
  WINDOWS_TABLE: 'windows',
  ROLLUPS_TABLE: 'rollups',
  HISTORY_RETENTION_DAYS: '1096',
  FINGERPRINTS_TABLE: 'fingerprints',
  DEVICES_TABLE: 'devices',
  RULES_TABLE: 'rules',
  ALERTS_TABLE: 'alerts',
  ALERT_HISTORY_TABLE: 'history',
  ALERTS_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:alerts',
  ALERTS_PER_MINUTE: '20',
  DASHBOARD_ORIGIN: 'http://localhost:8080',
  TIME_ZONE: 'UTC',
  SILENT_AFTER_MINUTES: '0',
  ERRORS_BUCKET: 'errors',
  RAW_BUCKET: 'raw',
  PARSED_BUCKET: 'parsed',
  INGEST_FUNCTION: 'ingest',
  WINDOW_SECONDS: '10',
  MAX_LATENESS_SECONDS: '604800',
  MAX_SKEW_SECONDS: '60',
  WINDOW_RETENTION_DAYS: '30',
  MAX_TEMPERATURE: '8',
  MIN_TEMPERATURE: '-1',
} as const;

/**
 * Sets a function's own variables and those that every function has, and turns the console into `written`, one string
 * a line. To be called before the function is imported: it reads its variables then.
 */
export function startLambda(variables: Readonly<Record<string, string>>): { readonly written: string[] } {
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    POWERTOOLS_DEV: 'true',
    POWERTOOLS_METRICS_DISABLED: 'false',
    POWERTOOLS_SERVICE_NAME: 'tidegate',
    POWERTOOLS_METRICS_NAMESPACE: 'Tidegate',
    ...variables,
  });
  judgeCalls();
  const written: string[] = [];
  const print = (...parts: unknown[]) => void written.push(parts.join(' '));
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
    jest.spyOn(console, method).mockImplementation(print);
  return { written };
}

/** From now on calls are judged by the role of this function. @param functionName of the file in functions/ */
export function contextOf(functionName: string, more: Partial<Context> = {}): Context {
  callsAreOf(functionName);
  return {
    functionName,
    awsRequestId: 'request-1',
    getRemainingTimeInMillis: () => 30_000,
    ...more,
  } as Context;
}

/** The sample event events/<name>.json. */
export const sampleEvent = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../events/${name}.json`, import.meta.url), 'utf8'));
