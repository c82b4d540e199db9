// The routes of rules, alerts and mappings over the local DynamoDB, called as an app calls them, with devices whose windows a test makes.

import assert from 'node:assert/strict';
import { createAlertHistory } from '../../adapters/alert-history.ts';
import { createAlertStore } from '../../adapters/alert-store.ts';
import { createDeviceStore } from '../../adapters/device-store.ts';
import { createMappingStore } from '../../adapters/mapping-store.ts';
import { createLearnedItems } from '../../adapters/learned-items.ts';
import { createLearnedStore } from '../../adapters/learned-store.ts';
import { createPresenceLog } from '../../adapters/presence-log.ts';
import { createRuleStore } from '../../adapters/rule-store.ts';
import { createWindowHistory } from '../../adapters/window-history.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import { createWindowsBefore } from '../../adapters/windows-before.ts';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { defaultRules } from '../../core/rule-data.ts';
import { deltaOf } from '../../core/window.ts';
import { createHttpApi } from '../../http-api/app.ts';
import { createRoutes } from '../../http-api/routes.ts';
import { thingRoutes } from '../../http-api/thing-routes.ts';
import { openTables, type Tables } from '../adapters/tables.ts';

export type Json = Record<string, unknown>;

export const NOW = Date.UTC(2026, 10, 21, 12);

const SETTINGS = {
  ...{ windowSeconds: 10, timeZone: 'UTC', maxLatenessSeconds: 604_800, maxSkewSeconds: 60 },
  ...{ windowRetentionDays: 90, historyRetentionDays: 1096 },
};
/** Of tests that look elsewhere. */
const noErrors = {
  errors: {
    folderOf: () => '',
    list: async () => ({ objects: [], isWhole: true }),
    read: async () => undefined,
  },
  ingestAgain: async () => undefined,
  listRecipients: async () => [],
};

export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly etag: string | null;
  readonly type: string | null;
}

export interface RuleFixture {
  readonly tables: Tables;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** A window of a device ten seconds before NOW, or as many windows before that as `ago` says. */
  measure(deviceId: string, metrics: Readonly<Record<string, number>>, ago?: number): Promise<void>;
}

export async function openRules(): Promise<RuleFixture> {
  const tables = await openTables();
  const { client } = tables;
  const now = () => NOW;
  const windows = createWindowStore({
    client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds: 10,
    retentionDays: 30,
  });
  const devices = createDeviceStore({ client, table: 'devices' });
  const ports = {
    windows: createWindowHistory({ client, table: 'windows', windowSeconds: 10, now }),
    devices,
    archive: {
      rowsOf: async () => [],
      siteFolders: async () => [],
      progress: async () => undefined,
    },
    fleet: { load: async () => undefined },
    rules: createRuleStore({
      client,
      table: 'rules',
      defaults: defaultRules({ maxTemperature: 8, minTemperature: -1 }),
    }),
    mappings: createMappingStore({ client, table: 'rules' }),
    lastMessages: { async *newestFirst() {} },
    ...noErrors,
    alerts: createAlertStore({ client, table: 'alerts' }),
    history: createAlertHistory({ client, table: 'history', retentionDays: 30 }),
    presence: createPresenceLog({ client, table: 'history' }),
    checks: { async *newestFirst() {} },
    seals: { list: async () => [], load: async () => undefined },
    windowsBefore: createWindowsBefore({ client, table: 'windows' }),
    learnedStore: createLearnedStore({ client, table: 'alerts' }),
    learnedItems: createLearnedItems({ client, table: 'alerts' }),
    now,
  };
  const api = createHttpApi([
    ...createRoutes(ports, SETTINGS),
    ...thingRoutes({
      add: async () => ({ outcome: 'taken', certificateId: '1' }),
      things: { certificatesOf: async () => [], exists: async () => false },
      shadows: { read: async () => undefined, desire: async () => 'changed' },
      ...{ perHour: 1, now },
    }),
  ]);
  const served = {
    resolve: async () => ({ id: 'ann', isGuest: false, group: 'admin' as const }),
    onError: (error: unknown) => assert.fail(error as Error),
  };
  return {
    tables,
    async call(method, path, body, headers = {}) {
      const request = new Request(`https://api.example${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const response = await api(request, served);
      const text = await response.text();
      return {
        status: response.status,
        body: text === '' ? {} : (JSON.parse(text) as Json),
        etag: response.headers.get('etag'),
        type: response.headers.get('content-type'),
      };
    },
    async measure(deviceId, metrics, ago = 1) {
      await devices.noteSeen(deviceId, 'seattle', NOW);
      const timestamp = NOW - ago * 10_000;
      const reading = {
        ...{ deviceId, site: 'seattle', timestamp },
        fingerprint: fingerprint(`${deviceId}/${timestamp}`),
        metrics: Object.entries(metrics).map(([name, value]) => ({ name, value: decimalOf(value)! })),
      };
      await windows.apply(deltaOf(reading, 10));
    },
  };
}
