// The web page in a real browser, on the real program: views, actions and permissions.

import { afterAll, beforeAll } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { AwsV4Signer } from 'aws4fetch';
import type { MqttClient } from 'mqtt';
import { testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  addressOf,
  freePort,
  hasChromium,
  launch,
  logIn,
  openLoggedIn,
  openPage,
  shareLogin,
  type Opened,
} from './browser-page.ts';
import { printedOf, type ArchivedReading, type Printed } from './report-of-archive.ts';
import {
  archivedMessages,
  clientSettings,
  connectDevice,
  createDevice,
  runScript,
  startTidegate,
  type Tidegate,
} from './tidegate.ts';

const testInBrowser = testIf(hasChromium, 'chromium is not installed');
const certs = temporaryFolder();
/** It judges late readings too. */
const REPORT_RULE = { id: 'report-warm', above: 8, clearBelow: 7 };
let tidegate: Tidegate;
let browser: Browser;
let device: MqttClient;
let user: Opened;

beforeAll(async () => {
  if (!hasChromium) return;
  const args = ['--web-port', String(await freePort())];
  [tidegate, browser] = await Promise.all([startTidegate(temporaryFolder(), args), launch()]);
  await createDevice(tidegate, 'own-sensor', certs);
  device = await connectDevice(tidegate, 'own-sensor', certs);
  user = await openLoggedIn(browser, tidegate);
  const { id, ...limits } = REPORT_RULE;
  const rule = {
    ...limits,
    metric: 'temperature',
    judgeLate: true,
    severity: 'major',
    match: { device: 'report-*' },
  };
  await ask(`/rules/${id}`, { method: 'PUT', body: rule });
});

afterAll(async () => {
  await device?.endAsync();
  await browser?.close();
  await tidegate?.stop();
});

/** In the page: the start of each window of the table, and its values as shown. */
const READ_TABLE = `[...document.querySelectorAll('#panel tbody tr')].map((row) => [
  Date.parse(row.querySelector('time').dateTime),
  ...[...row.querySelectorAll('td.num')].map((cell) => cell.textContent),
])`;
type Row = [start: number, low: string, mean: string, high: string, count: string];
type Shown = [start: number, low: string, high: string, count: string];

/** In the page: what axe finds, and whether the view is wider than the window. */
const RUN_AXE = `(async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await axe.run({ runOnly: tags });
  const isWide = document.documentElement.scrollWidth > innerWidth;
  return [
    ...violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' | ')),
    ...(isWide ? ['scrolls sideways'] : []),
  ];
})()`;

/** It is used inside JSON as well. */
const MARKUP = '<img src=x onerror=window.hacked=1>';

const publish = (message: Record<string, unknown>) =>
  device.publishAsync('telemetry/seattle/own-sensor', JSON.stringify(message), { qos: 1 });

const see = (page: Page, text: string | RegExp, milliseconds = 30_000) =>
  page.getByText(text).first().waitFor({ timeout: milliseconds });

/** Resolves after so many changes of the page, which a live device causes each second. */
const redrawn = (page: Page, times: number) =>
  page.evaluate(`new Promise((resolve) => {
    let left = ${times};
    const observer = new MutationObserver(() => {
      left -= 1;
      if (left > 0) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  })`);

async function ask<T>(path: string, change?: { readonly method: string; readonly body: object }): Promise<T> {
  const signer = new AwsV4Signer({
    ...{ url: `${tidegate.endpoints.web}/api${path}`, service: 'execute-api', region: 'us-east-1' },
    ...{ accessKeyId: 'local', secretAccessKey: 'local' },
    ...(change && { method: change.method, body: JSON.stringify(change.body) }),
    headers: { 'content-type': 'application/json' },
  });
  const { url, ...request } = await signer.sign();
  const response = await fetch(url, request);
  if (change) assert.equal(response.status, 200);
  return (await response.json()) as T;
}

testInBrowser('a new stack logs in automatically and opens the linked view', async () => {
  const { page } = await openPage(browser);
  const link = '?device=demo-fridge-1&from=1790000000000&to=1790000600000';
  await page.goto(addressOf(tidegate, link));
  await page.getByTitle('Logged in as you@localhost').waitFor();
  assert.match(page.url(), /\/#\/device\/demo-fridge-1\?from=1790000000000&to=1790000600000$/);
  await page.context().close();
});

testInBrowser('a user who logs out is a guest until the next login, and a guest sees no alerts', async () => {
  const { page } = await openLoggedIn(browser, tidegate);
  const [logOut, logInButton] = ['Log out', 'Log in'].map((name) => page.getByRole('button', { name }));
  await logOut!.click();
  await logInButton!.waitFor();
  const tab = await page.context().newPage();
  await tab.goto(addressOf(tidegate));
  await see(tab, /You are viewing as a guest/);
  await tab.close();
  await page.reload();
  await page.locator('a.tile').nth(4).waitFor();
  await see(page, /Live/);
  await see(page, /You are viewing as a guest/);
  await page.goto(addressOf(tidegate, '#/alerts'));
  await see(page, 'Log in to see alerts');
  await logInButton!.first().click();
  await logOut!.waitFor();
  assert.match(page.url(), /#\/alerts$/);
  await page.context().close();
});

testInBrowser('the fleet is one call, and the tiles in sight are one more, for a guest too', async () => {
  for (const isGuest of [true, false]) {
    const { page } = await openPage(browser);
    if (!isGuest) await shareLogin(user.page, page);
    const asked: URL[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (/^\/api\/(fleet|devices|windows)/.test(url.pathname)) asked.push(url);
    });
    const windows = page.waitForResponse(/\/api\/windows\?/);
    await page.goto(addressOf(tidegate));
    assert.equal((await windows).status(), 200);
    await page.locator('a.tile').nth(4).waitFor();
    const paths = asked.map(({ pathname }) => pathname);
    assert.deepEqual([...new Set(paths)].sort(), ['/api/fleet', '/api/windows']);
    assert.ok(
      asked.find(({ pathname }) => pathname === '/api/windows')!.searchParams.getAll('device').length > 3,
    );
    await page.context().close();
  }
});

testInBrowser(
  'a tile out of sight has only its name, keeps its height, and is filled when the keyboard reaches it',
  async () => {
    const { page } = await openPage(browser, { viewport: { width: 360, height: 240 } });
    await shareLogin(user.page, page);
    await page.goto(addressOf(tidegate));
    const [tiles, far] = [page.locator('a.tile'), page.locator('a.tile.far')];
    await far.first().waitFor();
    const heights = () =>
      page.evaluate<number[]>(
        `[...document.querySelectorAll('a.tile')].map((tile) => tile.getBoundingClientRect().height)`,
      );
    const before = await heights();
    const last = await tiles.count();
    assert.match((await tiles.last().textContent())!, /^\w/);
    assert.equal(await tiles.last().locator('canvas').count(), 0);
    await tiles.last().focus();
    await tiles.last().locator('canvas').waitFor();
    assert.match((await tiles.last().textContent())!, /\d/);
    await page.setViewportSize({ width: 360, height: 200 * last });
    await eventually('all tiles to be in sight', async () => (await far.count()) === 0);
    assert.deepEqual(await heights(), before);
    await page.context().close();
  },
);

testInBrowser(
  'a reload requests no token, identity or credentials again, for a user and for a guest',
  async () => {
    const { page } = await openLoggedIn(browser, tidegate);
    const asked: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      const target = request.headers()['x-amz-target'];
      if (target !== undefined || pathname.startsWith('/oauth2/')) asked.push(target ?? pathname);
    });
    const reload = async () => {
      await see(page, /messages\/s/);
      asked.length = 0;
      await page.reload();
      await page.locator('a.tile').nth(4).waitFor();
      await see(page, /messages\/s/);
      return asked;
    };
    assert.deepEqual(await reload(), []);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    assert.deepEqual(await reload(), []);
    await see(page, /You are viewing as a guest/);
    const kept = await page.evaluate<string>('JSON.stringify(Object.keys(sessionStorage).sort())');
    assert.deepEqual(JSON.parse(kept), ['tidegate.credentials']);
    await page.context().close();
  },
);

/** The API's windows as the page's table shows them, newest first. */
async function storedRows(since: number): Promise<Shown[]> {
  interface Windows {
    windows: { start: number; metrics: Record<string, { min: number; max: number; count: number }> }[];
  }
  const { windows } = await ask<Windows>(`/devices/own-sensor/windows?from=${since}`);
  return windows.toReversed().map(({ start, metrics }) => {
    const { min, max, count } = metrics['temperature']!;
    return [start, min.toFixed(1), max.toFixed(1), String(count)];
  });
}

testInBrowser("the series equals the API's after each of fifty reloads", async () => {
  const { page } = user;
  const began = Date.now();
  let sent = 0;
  const timer = setInterval(() => {
    sent += 1;
    void publish({ id: `r-${sent}`, timestamp: Date.now(), temperature: 4 + (sent % 7) / 10 });
  }, 250);
  const shownRows = async (): Promise<Shown[]> =>
    (await page.evaluate<Row[]>(READ_TABLE)).map(([start, low, , high, count]) => [start, low, high, count]);
  const agrees = async (isClosed: (start: number) => boolean) => {
    const [stored, shown] = [await storedRows(began - 10_000), await shownRows()].map((rows) =>
      rows.filter(([start]) => isClosed(start)),
    );
    return JSON.stringify(stored) === JSON.stringify(shown) && stored;
  };
  await page.goto(addressOf(tidegate, '#/device/own-sensor?range=10m'));
  for (let reloads = 0; reloads < 50; reloads += 1) {
    await page.reload();
    await page.getByRole('tab', { name: 'Table' }).click();
    await page.locator('#panel tbody tr').first().waitFor();
    const now = Date.now();
    await eventually('the closed windows to agree', () => agrees((start) => start + 10_000 < now));
  }
  clearInterval(timer);
  await eventually('the page to show all that was sent', async () => {
    const rows = await agrees(() => true);
    return rows && rows.reduce((sum, row) => sum + Number(row[3]), 0) === sent;
  });
});

testInBrowser(
  'another device and another metric are drawn over the plot, and the address has both',
  async () => {
    const { page } = user;
    await page.goto(addressOf(tidegate, '#/device/demo-fridge-1?range=10m'));
    await page.getByLabel('Compare with another device').fill('demo-fridge-2');
    await page.waitForURL(/with=demo-fridge-2/);
    await page.getByLabel(/Draw another metric over/).selectOption('humidity');
    await page.waitForURL(/over=humidity/);
    const plot = page.locator('.plotbox').first();
    await eventually('the values of all lines at the pointer', async () => {
      const box = (await plot.boundingBox())!;
      await page.mouse.move(box.x + box.width - 90 + (Date.now() % 7), box.y + 90);
      const text = await page.locator('.readout').first().textContent();
      return /mean [\d.]+ .*Demo fridge 2 [\d.]+ .*Humidity [\d.]+ %/.test(text!);
    });
    await page.getByRole('button', { name: 'Stop comparing with Demo fridge 2' }).click();
    await page.waitForURL((url) => !url.hash.includes('with='));
  },
);

testInBrowser('the band grows at its right edge while the view is open', async () => {
  const { page } = user;
  await page.goto(addressOf(tidegate, '#/device/demo-fridge-1?range=10m'));
  const count = page.locator('.side dt', { hasText: 'Readings' }).locator('+ dd');
  await count.waitFor();
  const first = Number(await count.textContent());
  await eventually('more readings', async () => Number(await count.textContent()) >= first + 3);
  assert.ok((await page.locator('.plotbox canvas').count()) >= 2);
});

testInBrowser(
  'keys move the span, the address has it, and the back button returns to the earlier one',
  async () => {
    const { page } = user;
    await page.locator('.plotbox').first().focus();
    await page.keyboard.press('ArrowLeft');
    await page.waitForURL(/from=\d+&to=\d+/);
    await page.getByRole('button', { name: 'Back to live' }).waitFor();
    await page.goBack();
    await page.waitForURL(/range=10m/);
  },
);

testInBrowser(
  'thirty days and two years load in one request for all metrics, and zooming out stops there',
  async () => {
    const { page } = user;
    for (const [name, resolution] of [
      ['30d', '1h'],
      ['2y', '1d'],
    ]) {
      const asked = page.waitForResponse((response) => response.url().includes(`resolution=${resolution}`));
      await page
        .getByRole('group', { name: 'Range' })
        .getByText(name!.replace(/([a-z])/, '\u2009$1'))
        .click();
      const response = await asked;
      assert.equal(response.status(), 200);
      assert.ok(!new URL(response.url()).searchParams.has('metric'));
      await page.locator('.plotbox canvas').first().waitFor();
      await page.getByRole('tab', { name: 'Table' }).click();
      const [row] = await page.evaluate<Row[]>(READ_TABLE);
      assert.equal(row![0] % (resolution === '1h' ? 3_600_000 : 86_400_000), 0);
    }
    await page.getByRole('button', { name: 'Zoom out' }).click();
    await page.waitForURL(/from=\d+/);
    const from = Number(/from=(\d+)/.exec(page.url())![1]);
    assert.ok(Math.abs(Date.now() - from - 731 * 86_400_000) < 60_000);
  },
);

testInBrowser('the failing fridge raises an alarm, and its acknowledgement is shown and stored', async () => {
  const { page } = user;
  await page.goto(addressOf(tidegate));
  const row = page.locator('.need li', { hasText: 'Demo fridge 3' });
  const isCalm = async () => !/outside/.test((await page.locator('h1').textContent())!);
  const isAcknowledged = async () => {
    const { alerts } = await ask<{ alerts: { state: string; acknowledged?: { by: string } }[] }>(
      '/devices/demo-fridge-3/alerts',
    );
    return alerts.some(({ state, acknowledged }) => state === 'acknowledged' && acknowledged);
  };
  await row.getByRole('button', { name: /Acknowledge/ }).click({ timeout: 90_000 });
  await eventually('the heading to be calm', isCalm);
  assert.ok(!(await isAcknowledged()));
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually('the alarm to be back', async () => !(await isCalm()));
  await row.getByRole('button', { name: /Acknowledge/ }).click();
  await eventually('the acknowledgement to be kept', isAcknowledged);
  assert.ok(await isCalm());
});

testInBrowser('an alert shows to whom its notification was sent, and when', async () => {
  const { page } = user;
  await page.goto(addressOf(tidegate, '#/alerts/demo-fridge-3/temperature-high'));
  await see(
    page,
    /Sent .* to 1 email subscriber \(alerts@example\.com\); 1 SMS subscriber \(\+12065550100\)/,
  );
});

testInBrowser('the link of a digest shows its alerts, and each filter can be removed', async () => {
  const { page } = user;
  const row = page.locator('nav.list a', { hasText: 'Demo fridge 3' }).first();
  const remove = (text: RegExp) => page.getByRole('button', { name: text });
  await page.goto(addressOf(tidegate, `#/alerts?from=${Date.now() + 3_600_000}&site=elsewhere`));
  await see(page, 'No alert matches');
  await remove(/Remove the filter: Site elsewhere/).click();
  await see(page, /Nothing changed since/);
  await remove(/Remove the filter: Since/).click();
  await row.waitFor();
  await page.goto(addressOf(tidegate, `#/alerts?from=${Date.now() - 3_600_000}&site=seattle`));
  await row.click();
  await page.waitForURL(/#\/alerts\/demo-fridge-3\/.*from=\d+&site=seattle/);
  await remove(/Remove the filter: Site seattle/).waitFor();
});

testInBrowser(
  'a rule is checked and dry-run over the last day while the user types, and then saved',
  async () => {
    const { page } = user;
    await page.goto(addressOf(tidegate, '#/rules/new'));
    const [save, field] = [
      page.getByRole('button', { name: 'Save rule' }),
      (label: string) => page.getByLabel(label),
    ];
    await field('Name of the rule').fill('fridge-5-warm');
    await field('Devices; * matches any text').fill('demo-fridge-5');
    await field('Limit').first().fill('1');
    await field('Limit at which it clears').fill('2');
    await page.locator('.dry .err').waitFor();
    assert.ok(await save.isDisabled());
    await field('Limit at which it clears').fill('0');
    await page.locator('.dry table').getByRole('link', { name: 'Demo fridge 5' }).waitFor();
    await save.click();
    await see(page, /Rule fridge-5-warm is saved/);
    const { above, match } = await ask<{ above: number; match: object }>('/rules/fridge-5-warm');
    assert.deepEqual([above, match], [1, { device: 'demo-fridge-5' }]);
  },
);

testInBrowser(
  'rules about predicted limits and unusual behaviour are created in the form, dry-run and saved',
  async () => {
    const { page } = user;
    await page.goto(addressOf(tidegate, '#/rules/new'));
    const [save, field] = [
      page.getByRole('button', { name: 'Save rule' }),
      (label: string) => page.getByLabel(label, { exact: true }),
    ];
    await field('Name of the rule').fill('fridge-5-soon-warm');
    await field('Devices; * matches any text').fill('demo-fridge-5');
    /** Empties a limit below and returns the side that is left; then sets a limit above 9. */
    const emptied = async () => {
      await field('Side').selectOption('below');
      await field('Limit').fill('');
      const side = await field('Side').inputValue();
      await field('Limit').fill('9');
      await field('Side').selectOption('above');
      return side;
    };
    assert.equal(await emptied(), 'below');
    await field('Kind of rule').selectOption({ label: 'will be' });
    assert.equal(await emptied(), 'below');
    await field('Within').selectOption('1h');
    await field('Defrosts').selectOption({ label: 'at these times' });
    await field('Times of the day at which it defrosts').fill('02:00, 10:00 25:00');
    await field('Time zone').fill('UTC');
    await field('Time zone').blur();
    await page.locator('.dry .err').waitFor();
    assert.ok(await save.isDisabled());
    await field('Times of the day at which it defrosts').fill('02:00, 10:00 18:00');
    await field('Time zone').focus();
    await see(page, /Sends, for example: .*9 °C in about 25 minutes at this rate/);
    await page.locator('.dry .verdict').waitFor();
    await save.click();
    await see(page, /Rule fridge-5-soon-warm is saved/);
    const saved = await ask<{ predicted: object; match: object }>('/rules/fridge-5-soon-warm');
    const defrost = { at: ['02:00', '10:00', '18:00'], timeZone: 'UTC', lasts: '30m' };
    assert.deepEqual(saved.predicted, { metric: 'temperature', above: 9, within: '1h', defrost });
    assert.deepEqual(saved.match, { device: 'demo-fridge-5' });
    await page.goto(addressOf(tidegate, '#/device/demo-fridge-5?range=10m'));
    await page.getByRole('button', { name: 'Correct the defrosts' }).click();
    await field('Defrosts').selectOption({ label: 'at an interval' });
    await field('How often it defrosts').fill('9d');
    await redrawn(page, 5);
    assert.equal(
      await field('How often it defrosts').inputValue(),
      '9d',
      'a redraw must not undo what is typed',
    );
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await see(page, /every.* must be .*1h to 2d/);
    await field('How often it defrosts').fill('9h');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await see(page, /as entered: every 9h from .* 02:00 .*, for 30m/);
    await page.goto(addressOf(tidegate, '#/rules/fridge-5-soon-warm'));
    await field('Kind of rule').selectOption({ label: 'is unusual' });
    await see(page, /It learns for four days/);
    await page.locator('.dry .verdict').waitFor();
    await save.click();
    await eventually('the other kind to be saved', async () => {
      const { unusual } = await ask<{ unusual?: { metric: string } }>('/rules/fridge-5-soon-warm');
      return unusual?.metric === 'temperature';
    });
  },
);

testInBrowser('a note with markup is text, and so is a payload', async () => {
  const { page } = user;
  const markup = `${MARKUP}<script>window.hacked=1</script>`;
  await page.goto(addressOf(tidegate, '#/alerts/demo-fridge-3/temperature-high'));
  await page.getByLabel('What did you find, and what did you do?').fill(markup);
  await page.getByRole('button', { name: 'Add note' }).click();
  await see(page, `“${markup}”`);
  await page.goto(addressOf(tidegate, '#/device/own-sensor?range=10m'));
  await page.getByRole('tab', { name: 'Messages' }).waitFor();
  await see(page, /Live/);
  await publish({ timestamp: Date.now(), temperature: 5, [markup]: 7, note: markup });
  await page.locator('.msg code', { hasText: 'onerror' }).waitFor();
  await page.goto(addressOf(tidegate, `#/device/${encodeURIComponent(markup)}`));
  await see(page, 'is not in the list of devices');
  await page.goto(addressOf(tidegate, `#/${encodeURIComponent(markup)}`));
  await see(page, 'There is no such view');
  assert.equal(await page.evaluate('window.hacked'), undefined);
});

testInBrowser(
  'the mail of the alarm is in the inbox, and its link opens the device at its span',
  async () => {
    const { page } = user;
    await page.goto(addressOf(tidegate, '#/inbox'));
    await page.locator('.list a', { hasText: 'demo-fridge-3' }).first().click();
    await page.locator('.letter a').first().click();
    await page.waitForURL(/#\/device\/demo-fridge-3\?from=\d+&to=\d+$/);
    await page.locator('.plotbox canvas').first().waitFor();
    const { status } = await fetch(`${tidegate.endpoints.web}/inbox.json`, {
      headers: { origin: 'http://localhost:3000' },
    });
    assert.equal(status, 403);
  },
);

testInBrowser('a fridge applies a desired state that is rebased on a concurrent change', async () => {
  const { page } = user;
  await page.goto(addressOf(tidegate, '#/device/demo-fridge-2?range=10m&tab=shadow'));
  const editor = page.getByLabel('Desired', { exact: true });
  await editor.fill('{ "setpoint": 1 ');
  await see(page, 'Invalid JSON at the end.');
  assert.ok(await page.getByRole('button', { name: 'Send to the device' }).isDisabled());
  await editor.fill(`{ "setpoint": 1, "${MARKUP}": true }`);
  await page.getByRole('row', { name: 'setpoint not set 1' }).waitFor();
  const client = new IoTDataPlaneClient(clientSettings(tidegate));
  const desired = { sampleRate: 2, note: 'from elsewhere' };
  const payload = Buffer.from(JSON.stringify({ state: { desired } }));
  await client.send(new UpdateThingShadowCommand({ thingName: 'demo-fridge-2', payload }));
  client.destroy();
  await see(page, 'Somebody else changed the desired state.');
  await page.getByRole('button', { name: 'Apply my changes to theirs' }).click();
  assert.deepEqual(JSON.parse(await editor.inputValue()), { ...desired, setpoint: 1, [MARKUP]: true });
  await page.getByRole('button', { name: 'Send to the device' }).click();
  await page.locator('pre', { hasText: '"setpoint": 1' }).waitFor();
  await see(page, 'The device has not applied the desired state yet.');
  await eventually('a colder fridge', async () => {
    const { windows } = await ask<{ windows: { metrics: Record<string, { min: number }> }[] }>(
      '/devices/demo-fridge-2/windows?from=-1m',
    );
    return windows.some(({ metrics }) => metrics['temperature']!.min < 2);
  });
  assert.equal(await page.evaluate('window.hacked'), undefined);
});

testInBrowser('a new message can be explained a moment later', async () => {
  const { page } = user;
  await page.goto(addressOf(tidegate, '#/device/own-sensor?range=10m'));
  await page.getByRole('tab', { name: 'Messages' }).waitFor();
  await see(page, /Live/);
  await publish({
    readings: [{ timestamp: Date.now(), temperature: 4.25, door: 'ajar' }, { timestamp: 1000 }],
  });
  const explain = page.getByRole('button', { name: 'Explain' }).first();
  await explain.click();
  await eventually('the window to have counted it', async () => {
    await page
      .getByRole('button', { name: /Check again/ })
      .first()
      .click();
    return (await page.getByText(/Window own-sensor, .*: counted$/).count()) > 0;
  });
  await see(page, 'temperature 4.25');
  await see(page, 'door (text)');
  await see(page, /temperature-high judges temperature of own-sensor/);
  await page.goto(addressOf(tidegate, '#/device/demo-fridge-1?range=10m'));
  await page.locator('.msg').first().waitFor();
  assert.equal(await page.locator('.msg', { hasText: 'ajar' }).count(), 0);
});

/** What Lambda writes about an event when its last retry failed. */
async function failIngest(temperature: number): Promise<void> {
  const receivedAt = Date.now();
  const requestPayload = {
    temperature,
    deviceId: 'own-sensor',
    site: 'seattle',
    receivedAt,
    traceId: 'lost-1',
  };
  const Body = JSON.stringify({
    requestContext: { functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:ingest:$LATEST' },
    ...{ requestPayload, responsePayload: { errorMessage: 'a table did not answer' } },
  });
  const s3 = new S3Client({ ...clientSettings(tidegate), forcePathStyle: true });
  const Bucket = tidegate.endpoints.outputs['ErrorsBucket']!;
  await s3.send(new PutObjectCommand({ Bucket, Key: 'aws/lambda/async/ingest/2026/11/21/lost-1', Body }));
  s3.destroy();
}

testInBrowser('failed messages are listed with the reason, and a replay counts them once', async () => {
  const { page } = user;
  await failIngest(4.75);
  await publish({ timestamp: 1000, temperature: 3 });
  await eventually('the rejection', async () => {
    const { failures } = await ask<{ failures: { reasons: string[] }[] }>('/errors?device=own-sensor');
    return failures.some(({ reasons }) => /too-late/.test(reasons.join()));
  });
  await page.goto(addressOf(tidegate, '#/pipeline'));
  await see(page, /too-late/);
  const failed = page.locator('.failure', { hasText: 'a table did not answer' });
  await failed.getByRole('button', { name: 'Details' }).click();
  await failed.getByText(/Window own-sensor, .*: not counted/).waitFor();
  for (let times = 0; times < 2; times += 1) {
    await failed.getByRole('button', { name: 'Replay' }).click();
    await failed.getByText('One message sent to the ingest function again.').waitFor();
  }
  await failed.getByText(/Window own-sensor, .*: counted/).waitFor();
  // Nothing is archived yet: the rejected message is replayed from the errors bucket itself.
  const rejected = page.locator('.failure', { hasText: 'too-late' }).first();
  await rejected.getByRole('button', { name: 'Replay' }).click();
  await rejected.getByText('One message sent to the ingest function again.').waitFor();
});

testInBrowser(
  'a late answer about all failures is not shown for the kind that was chosen since',
  async () => {
    const { page } = user;
    const { promise: isKindRead, resolve: kindIsRead } = Promise.withResolvers<void>();
    const failure = { key: 'late', kind: 'rule', storedAt: 0, reasons: ['a late answer'], canReplay: false };
    const isOfAll = ({ pathname, searchParams }: URL) =>
      pathname.endsWith('/errors') && !searchParams.has('kind');
    await page.route(isOfAll, async (route) => {
      await isKindRead;
      await route.fulfill({ json: { failures: [failure], total: 1, isWhole: true } });
    });
    await page.goto(addressOf(tidegate, '#/fleet'));
    const lateRequest = page.waitForRequest((request) => isOfAll(new URL(request.url())));
    await page.goto(addressOf(tidegate, '#/pipeline'));
    const late = (await lateRequest).response();
    const chosen = page.waitForResponse((response) => response.url().includes('kind=function'));
    await page.getByRole('button', { name: 'Function failed' }).click();
    await (await chosen).finished();
    kindIsRead();
    await (await late)!.finished();
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    assert.equal(await page.getByText('a late answer').count(), 0);
    await page.unroute(isOfAll);
  },
);

testInBrowser('a viewer reads failures and alerts, and may neither replay nor acknowledge', async () => {
  const name = 'reader@example.com';
  const flags = ['--group', 'viewer', '--data-dir', tidegate.dataDir];
  const { stdout } = await runScript('commands/user.ts', ['add', name, ...flags]);
  const [, password] = /^password: (\S+)/m.exec(stdout) ?? [];
  const { page } = await openPage(browser);
  await logIn(page, tidegate, { name, password: password! });
  await page.goto(addressOf(tidegate, '#/pipeline?kind=function'));
  const replay = page.getByRole('button', { name: 'Replay' }).first();
  await replay.waitFor();
  assert.ok(await replay.isDisabled());
  assert.match((await replay.getAttribute('title')) ?? '', /Needs the group operator/);
  await page.goto(addressOf(tidegate, '#/alerts/demo-fridge-3/temperature-high'));
  await see(page, /to 1 email subscriber \(a…@example\.com\); 1 SMS subscriber \(\+1…00\)/);
  await page.goto(addressOf(tidegate, '#/alerts/demo-fridge-5/fridge-5-warm'));
  const acknowledge = page.getByRole('button', { name: /Acknowledge/ }).first();
  await acknowledge.waitFor({ timeout: 90_000 });
  assert.ok(await acknowledge.isDisabled());
  assert.match((await acknowledge.getAttribute('title')) ?? '', /Needs the group operator/);
  await page.context().close();
});

testInBrowser('an acknowledgement is sent when the page is closed before its undo has ended', async () => {
  const { page } = await openPage(browser);
  await shareLogin(user.page, page);
  await page.goto(addressOf(tidegate, '#/alerts/demo-fridge-5/fridge-5-warm'));
  await page
    .getByRole('button', { name: /^Acknowledge/ })
    .first()
    .click();
  await see(page, /acknowledged\. Reminders stop\./);
  await page.close();
  await eventually('the acknowledgement', async () => {
    const { alerts } = await ask<{ alerts: { ruleId: string; state: string }[] }>(
      '/devices/demo-fridge-5/alerts',
    );
    return alerts.some(({ ruleId, state }) => ruleId === 'fridge-5-warm' && state === 'acknowledged');
  });
});

testInBrowser("the console shows the broker's refusals with the statement that decided", async () => {
  const { page } = user;
  await page.goto(addressOf(tidegate, '#/console'));
  await assert.rejects(connectDevice(tidegate, 'own-sensor', certs, { clientId: 'stranger' }));
  await see(page, 'Refused: iot:Connect client/stranger');
  await see(page, /nearest: TidegateDevice statement 1/);
  const { status } = await fetch(`${tidegate.endpoints.web}/refusals.json`, {
    headers: { origin: 'http://localhost:3000' },
  });
  assert.equal(status, 403);
});

testInBrowser(
  'connections are listed with the reason why each ended, and the certificate with its age',
  async () => {
    const { page } = user;
    device.stream.destroy();
    await eventually('the end of the connection', async () => {
      const { online } = await ask<{ online?: boolean }>('/devices/own-sensor');
      return online === false;
    });
    device = await connectDevice(tidegate, 'own-sensor', certs);
    await page.goto(addressOf(tidegate, '#/device/own-sensor?tab=presence'));
    await page.getByRole('row', { name: /now/ }).waitFor();
    await page.getByRole('row', { name: /The connection broke/ }).waitFor();
    await see(page, /issued today, until 31 Dec 2049/);
  },
);

testInBrowser(
  'a device is added, its key never leaves the browser, and its first message leads to it',
  async () => {
    const { page } = await openPage(browser);
    await shareLogin(user.page, page);
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.postData() ?? ''));
    await page.goto(addressOf(tidegate, '#/add?site=seattle'));
    const makeKey = page.getByRole('button', { name: 'Create the device' });
    for (const [name, problem] of [
      [MARKUP, /The name is not allowed: 1 to 128/],
      ['gw:child', /gateway:child is how a sensor behind a gateway is named/],
      ['own-sensor', /is already in use/],
    ] as const) {
      await page.getByLabel('Name').fill(name);
      await see(page, problem);
      assert.ok(await makeKey.isDisabled());
    }
    await page.getByLabel('Name').fill('page-sensor');
    await page.getByLabel('Type').fill('sensor');
    await page.route('**/api/devices', async (route) => {
      await route.fetch(); // the device is added, but the response is lost
      await route.abort();
    });
    await makeKey.click();
    await see(page, /The API cannot be reached/);
    await page.unroute('**/api/devices');
    await makeKey.click();
    await see(page, 'page-sensor can connect');
    for (const end of ['key', 'cert']) {
      const file = `page-sensor.${end}.pem`;
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: `Save ${file}` }).click();
      const download = await saved;
      assert.equal(download.suggestedFilename(), file);
      await download.saveAs(path.join(certs, file));
    }
    const key = readFileSync(path.join(certs, 'page-sensor.key.pem'), 'utf8');
    assert.match(key, /^-----BEGIN PRIVATE KEY-----\n/);
    assert.ok(sent.some((body) => body.includes('CERTIFICATE REQUEST')));
    assert.ok(!sent.some((body) => body.includes(key.split('\n')[1]!) || body.includes('PRIVATE KEY')));
    for (const [button, lines] of [
      ['ESP32', /THING = "page-sensor", \*TOPIC = "telemetry\/seattle\/page-sensor"/],
      ['Zigbee2MQTT', /base_topic: telemetry\/seattle\/page-sensor/],
      ['mosquitto', /-i page-sensor -t telemetry\/seattle\/page-sensor/],
    ] as const) {
      await page.getByRole('button', { name: button, exact: true }).click();
      await page.locator('.codebox pre', { hasText: lines }).waitFor();
    }
    await page.evaluate(axe.source);
    for (const width of [1440, 360]) {
      await page.setViewportSize({ width, height: 800 });
      assert.deepEqual(await page.evaluate(RUN_AXE), []);
    }
    await see(page, 'It has not connected yet.');
    const added = await connectDevice(tidegate, 'page-sensor', certs);
    await see(page, /Connected \d+ s ago with the new certificate/);
    await added.publishAsync('telemetry/seattle/page-sensor', '{"temperature": 4.2}', { qos: 1 });
    await see(page, 'The first message arrived');
    await page.getByRole('link', { name: 'Look at Page sensor' }).click();
    await page.waitForURL(/#\/device\/page-sensor\?range=10m$/);
    const known = await eventually('the device', async () => {
      const found = await ask<Record<string, unknown>>('/devices/page-sensor');
      return found['attributes'] ? found : undefined;
    });
    assert.deepEqual(
      [known['type'], known['groups'], known['attributes']],
      ['sensor', ['Seattle'], { site: 'seattle' }],
    );
    await added.endAsync();
    await page.context().close();
  },
);

testInBrowser(
  'a viewer of one site receives its messages live, and cannot change rules or shadows or add devices',
  async () => {
    const name = 'viewer@example.com';
    const flags = ['--group', 'viewer', '--site', 'seattle', '--data-dir', tidegate.dataDir];
    const { stdout, stderr } = await runScript('commands/user.ts', ['add', name, ...flags]);
    const [, password] = /^password: (\S+)/m.exec(stdout) ?? [];
    assert.ok(password, stdout + stderr);
    const { page } = await openPage(browser);
    await logIn(page, tidegate, { name, password });
    await see(page, /[1-9]\d* messages\/s/);
    await page.goto(addressOf(tidegate, '#/rules/temperature-high'));
    await see(page, 'Changing and testing rules needs the group admin');
    const save = page.getByRole('button', { name: 'Save rule' });
    assert.ok(await save.isDisabled());
    assert.match((await save.getAttribute('title')) ?? '', /Needs the group admin/);
    await page.goto(addressOf(tidegate, '#/device/demo-fridge-1?tab=shadow'));
    await see(page, 'Changing it needs the group operator: ask your Tidegate administrator.');
    assert.ok(await page.getByRole('button', { name: 'Send to the device' }).isDisabled());
    assert.equal(await page.getByLabel('Desired', { exact: true }).isEditable(), false);
    await page.goto(addressOf(tidegate, '#/add?name=x&site=seattle'));
    await see(page, 'Adding devices needs the group admin: ask your Tidegate administrator.');
    assert.ok(await page.getByRole('button', { name: 'Create the device' }).isDisabled());
    await page.context().close();
  },
);

testInBrowser('an administrator of one site adds devices to that site only', async () => {
  const name = 'lima@example.com';
  const flags = ['--group', 'admin', '--site', 'lima', '--data-dir', tidegate.dataDir];
  const { stdout } = await runScript('commands/user.ts', ['add', name, ...flags]);
  const [, password] = /^password: (\S+)/m.exec(stdout) ?? [];
  const { page } = await openPage(browser);
  await logIn(page, tidegate, { name, password: password! });
  await page.goto(addressOf(tidegate, '#/add'));
  const [site, makeKey] = [page.getByLabel('Site'), page.getByRole('button', { name: 'Create the device' })];
  await page.getByLabel('Name').fill('own-sensor');
  assert.equal(await site.inputValue(), 'lima');
  await makeKey.click();
  await see(page, /A device own-sensor exists already outside your sites, lima/);
  await page.getByLabel('Name').fill('lima-1');
  await site.fill('seattle');
  await see(page, 'The site is not one of your sites (lima)');
  assert.ok(await makeKey.isDisabled());
  await site.fill('lima');
  await makeKey.click();
  await see(page, 'lima-1 can connect');
  for (const end of ['key', 'cert']) {
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: `Save lima-1.${end}.pem` }).click();
    await (await saved).saveAs(path.join(certs, `lima-1.${end}.pem`));
  }
  const added = await connectDevice(tidegate, 'lima-1', certs);
  await added.publishAsync('telemetry/lima/lima-1', '{"temperature": 4.2}', { qos: 1 });
  await see(page, 'The first message arrived');
  await added.endAsync();
  await page.context().close();
});

testInBrowser('a failing API is reported with a remedy, and the page recovers automatically', async () => {
  const { page } = await openPage(browser);
  await shareLogin(user.page, page);
  await page.route('**/api/**', (route) =>
    route.fulfill({ status: 503, json: { message: 'Service Unavailable' } }),
  );
  await page.goto(addressOf(tidegate));
  await see(page, 'The list of devices did not load');
  await see(page, /GET \/api\/fleet · 503/);
  await page.unroute('**/api/**');
  await page.locator('main').getByRole('button', { name: 'Try now' }).click();
  await page.locator('a.tile').first().waitFor();
  await page.context().close();
});

testInBrowser('a lost connection is shown and recovers', async () => {
  const { page } = await openPage(browser);
  await shareLogin(user.page, page);
  let isCut = false;
  const cuts: (() => Promise<void>)[] = [];
  await page.routeWebSocket(/\/mqtt/, (socket) => {
    cuts.push(() => socket.close());
    if (isCut) void socket.close();
    else socket.connectToServer();
  });
  await page.goto(addressOf(tidegate));
  await see(page, /messages\/s/);
  isCut = true;
  for (const cut of cuts) await cut();
  await see(page, /No connection since/);
  isCut = false;
  await page.getByRole('button', { name: 'Try now' }).click();
  await see(page, /messages\/s/);
  await page.context().close();
});

const views = [
  'device/demo-fridge-1?range=10m&with=demo-fridge-2,demo-fridge-3&over=humidity',
  'fleet',
  'fleet?as=rows',
  'device/demo-fridge-3?range=10m',
  'device/demo-fridge-1?range=1y',
  'device/demo-fridge-2?range=10m&tab=shadow',
  'device/own-sensor?range=10m&tab=presence',
  'add?name=gw:child&site=seattle',
  'alerts?from=1&site=seattle',
  'rules',
  'report?site=seattle',
  'console',
  'inbox',
  'pipeline?device=own-sensor',
];
for (const colorScheme of ['light', 'dark'] as const) {
  testInBrowser(`axe finds nothing in any view, ${colorScheme}, on a phone and on a desk`, async () => {
    const { page, complaints } = await openPage(browser, { colorScheme });
    await shareLogin(user.page, page);
    const found: string[] = [];
    await page.goto(addressOf(tidegate));
    await page.locator('a.tile').first().waitFor();
    await page.evaluate(axe.source);
    for (const view of views) {
      await page.evaluate(`location.hash = '#/${view}'`);
      await page.locator('main h1, main h2').first().waitFor();
      await eventually('the view', async () => (await page.locator('main [aria-busy=true]').count()) === 0);
      for (const width of [1440, 360]) {
        await page.setViewportSize({ width, height: 800 });
        // High enough that a phone's bottom bar covers nothing: axe does not scroll.
        const height = await page.evaluate<number>('document.documentElement.scrollHeight');
        await page.setViewportSize({ width, height: height + 100 });
        const violations = await page.evaluate<string[]>(RUN_AXE);
        found.push(...violations.map((violation) => `${view} ${width}: ${violation}`));
      }
    }
    assert.deepEqual([...found, ...complaints], []);
    await page.context().close();
  });
}

testInBrowser('no script of the page failed, and its policy was never violated', async () => {
  assert.deepEqual(user.complaints, []);
});

/** In the page: everything that a sheet prints, as texts. */
const READ_SHEET = `(() => {
  const rowsOf = (table) => [...(table?.tBodies[0]?.rows ?? [])].map((row) =>
    [...row.cells].map(({ textContent }) => textContent));
  const tableAfter = (title) => {
    const heading = [...document.querySelectorAll('.sheet .part')].find(({ textContent }) => textContent === title);
    return rowsOf(heading?.nextElementSibling?.closest('table'));
  };
  return {
    facts: [...document.querySelectorAll('.sheet dl > div')].map((fact) => [
      fact.querySelector('dt').textContent,
      fact.querySelector('dd').firstChild.textContent,
      fact.querySelector('small').textContent,
    ]),
    days: rowsOf(document.querySelector('.sheet details table')),
    excursions: tableAfter('Excursions'),
    gaps: tableAfter('Hours without measurement'),
  };
})()`;

/** Two days of a reading every ten minutes: two excursions, and three hours without measurement. */
function twoDays(): ArchivedReading[] {
  const start = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 48 * 3_600_000 + 90_000;
  const temperature = (n: number) => {
    if (n >= 60 && n < 64) return 8.25 + (n % 3) * 0.125;
    if (n === 64) return 7.5; // within the limit again, but not yet below the value at which the alert clears
    return n >= 200 && n < 203 ? 9.125 : 2 + ((n * 37) % 50) / 12.5;
  };
  return Array.from({ length: 288 }, (_, n) => ({
    timestamp: start + n * 600_000,
    temperature: temperature(n),
  })).filter((_, n) => n <= 100 || n >= 120);
}

/** Sends them packed and late, and waits until the report of their first day's month has them. */
async function sendTwoDays(): Promise<{ readonly month: string; readonly from: number }> {
  await createDevice(tidegate, 'report-sensor', certs);
  const sensor = await connectDevice(tidegate, 'report-sensor', certs);
  const readings = twoDays();
  for (let n = 0; n < readings.length; n += 24)
    await sensor.publishAsync(
      'telemetry/seattle/report-sensor',
      JSON.stringify({ readings: readings.slice(n, n + 24) }),
      { qos: 1 },
    );
  await sensor.endAsync();
  const month = new Date(readings[144]!.timestamp).toISOString().slice(0, 7);
  const from = Date.parse(`${month}-01T00:00:00Z`);
  const to = new Date(from).setUTCMonth(new Date(from).getUTCMonth() + 1);
  const expected = readings.filter(({ timestamp }) => timestamp >= from && timestamp < to).length;
  await eventually('all readings and the ends of both excursions', async () => {
    const { devices } = await ask<{ devices: { report?: { readings: number } }[] }>(
      `/reports?device=report-sensor&month=${month}`,
    );
    const { entries } = await ask<{ entries: { what: string }[] }>('/devices/report-sensor/alerts/history');
    const ends = entries.filter(({ what }) => what === 'cleared').length;
    return devices[0]?.report?.readings === expected && ends === 2;
  });
  return { month, from };
}

testInBrowser(
  'a printed report is the sheet alone, and each of its figures matches the archive',
  async () => {
    const { page } = user;
    const { month, from } = await sendTwoDays();
    const answer = page.waitForResponse(/\/api\/reports\?/);
    await page.goto(addressOf(tidegate, `#/report?device=report-sensor&month=${month}`));
    const { devices } = (await (await answer).json()) as { devices: { report: { spanMs: number } }[] };
    await page.locator('.sheet').waitFor();
    const sheet = await page.evaluate<Printed>(READ_SHEET);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download CSV' }).click();
    assert.match((await download).suggestedFilename(), /^report-report-sensor-\d{4}-\d\d\.csv$/);
    await page.emulateMedia({ media: 'print' });
    const printed = await page.evaluate<string>('document.body.innerText');
    assert.match(printed, /^Temperature record/);
    assert.match(printed, /Not checked against the archive\.[^]*Seal\s+[0-9a-f]{64}/);
    assert.doesNotMatch(printed, /Download CSV|Fleet|Log out/);
    assert.match((await page.pdf()).subarray(0, 5).toString(), /%PDF-/);
    await publish({ timestamp: Date.now(), temperature: 9.75 });
    await eventually('the reading that is looked for after the restart', async () => {
      const { alerts } = await ask<{ alerts: object[] }>('/devices/own-sensor/alerts');
      return alerts.length > 0;
    });
    await tidegate.stop();
    const archived = archivedMessages(tidegate)
      .filter(({ deviceId }) => deviceId === 'report-sensor')
      .flatMap(({ readings }) => readings as ArchivedReading[]);
    assert.equal(archived.length, 269);
    // Only the end of an unfinished month is taken from the product.
    const until = from + devices[0]!.report.spanMs;
    assert.deepEqual(sheet, printedOf(archived, { from, until }, REPORT_RULE));
  },
);

testInBrowser('the page recovers automatically when the stack runs again, and keeps its data', async () => {
  const { page } = user;
  await page.emulateMedia({ media: 'screen' });
  await page.evaluate(`location.hash = '#/device/own-sensor?range=1h&tab=table'`);
  await see(page, /No connection since/);
  const portOf = (url: string) => new URL(url).port;
  const { aws, web } = tidegate.endpoints;
  const ports = ['--aws-port', portOf(aws), '--web-port', portOf(web)];
  tidegate = await startTidegate(tidegate.dataDir, ports);
  await see(page, /[1-9]\d* messages\/s/, 120_000);
  await page
    .locator('#panel td', { hasText: /^9\.8$/ })
    .first()
    .waitFor();
  await page.evaluate(`location.hash = '#/device/demo-fridge-1?range=10m&tab=table'`);
  const began = Date.now();
  await eventually('a window of after the restart', async () => {
    const [row] = await page.evaluate<Row[]>(READ_TABLE);
    return row !== undefined && row[0] >= began - 10_000;
  });
});
