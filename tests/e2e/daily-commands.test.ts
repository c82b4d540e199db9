// Daily tasks at the terminal: list the fleet, list and acknowledge alerts, move a limit.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { connectDevice, createDevice, root, runScript, startTidegate, type Tidegate } from './tidegate.ts';

const certs = path.join(temporaryFolder(), 'certs');
let tidegate: Tidegate;
const place = () => ['--data-dir', tidegate.dataDir];
const run = (command: string, ...args: string[]) =>
  runScript(`commands/${command}.ts`, [...args, ...place()]);

async function publish(payload: object, name = 'fridge-1', site = 'seattle'): Promise<void> {
  const device = await connectDevice(tidegate, name, certs);
  await device.publishAsync(`telemetry/${site}/${name}`, JSON.stringify(payload), { qos: 1 });
  await device.endAsync();
}

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
  await createDevice(tidegate, 'fridge-1', certs);
  await publish({ temperature: 11.5, humidity: 40 });
  await eventually('the alert', async () => /critical +fridge-1 /.test((await run('alerts')).stdout));
});

afterAll(async () => {
  await tidegate.stop();
});

test("alerts lists active alerts and acknowledges them in the name of the terminal's user", async () => {
  const { stdout } = await run('alerts');
  assert.match(stdout, /^severity +device +rule +since +value/);
  assert.match(stdout, /\ncritical +fridge-1 +temperature-high +\S+.* 11\.5/);
  const acknowledged = await run('alerts', 'ack', 'fridge-1', 'temperature-high', 'door was open');
  assert.match(acknowledged.stdout, /^acknowledged temperature-high of fridge-1/);
  const { stdout: json } = await run('alerts', '--format', 'json');
  const [alert] = JSON.parse(json) as { acknowledged: { comment: string } }[];
  assert.match(alert!.acknowledged.comment, /^door was open \(.+\)$/);
  const history = await run('alerts', 'history', 'fridge-1', '--from', '-1h', '--format', 'csv');
  assert.match(
    history.stdout,
    /^time,what,device,rule,value,limit,by,reason\n[^\n]+,raised,fridge-1,temperature-high,11\.5,8,,\n/,
  );
  assert.match(history.stdout, /,acknowledged,fridge-1,temperature-high,/);
});

test('alerts snoozes a device for a span, and ends that', async () => {
  assert.match((await run('alerts', 'snooze', 'fridge-1', '2h')).stdout, /^snoozed fridge-1 until /);
  assert.match(
    (await run('alerts')).stdout,
    /^severity .* snoozed until\ncritical +fridge-1 .*\d\d:\d\d:\d\d\n/,
  );
  await createDevice(tidegate, 'quiet-1', certs);
  await publish({ temperature: 4 }, 'quiet-1');
  await eventually('the device', async () => (await run('alerts', 'snooze', 'quiet-1', '30m')).code === 0);
  assert.match(
    (await run('alerts')).stdout,
    /\nsnoozed quiet-1 until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d by \S+: \(/,
  );
  assert.match((await run('alerts', 'unsnooze', 'fridge-1')).stdout, /^alerts of fridge-1 are sent again$/m);
});

test('limit moves a limit and its clear limit, shows the dry run, and undoes it', async () => {
  const { stdout } = await run('limit', 'temperature-low', '-2.5');
  assert.match(stdout, /^temperature-low: below -1, clearAbove 0 -> below -2\.5, clearAbove -1\.5\n/);
  assert.match(stdout, /\nover the last 24 hours: 0 alerts about 0 of \d devices before, 0 alerts/);
  assert.match(
    (await run('limit')).stdout,
    /\ntemperature-low +min temperature +below -2\.5, clearAbove -1\.5/,
  );
  const dry = await run('limit', 'temperature-high', '12', '--dry-run');
  assert.match(
    dry.stdout,
    /1 alert about 1 of \d devices before, 0 alerts about 0 of \d devices with the new limit/,
  );
  assert.match(dry.stdout, /nothing was changed/);
  await run('limit', 'temperature-low', '--reset');
  assert.match((await run('limit')).stdout, /\ntemperature-low +min temperature +below -1, clearAbove 0/);
});

test('watch shows a window once it is closed, and the alerts', async () => {
  const child = spawn(process.execPath, [path.join(root, 'commands/watch.ts'), '--from', '-1h', ...place()], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    await eventually(
      'the window',
      () => / fridge-1 {2}humidity 40 {2}temperature 11\.5 {2}\(1\)\n/.test(output),
      30_000,
    );
    assert.match(output, /fridge-1 {2}CRITICAL raised: temperature-high at 11\.5, limit 8\n/);
    // Every object inherits a member of that name, which is not its unit.
    await publish({ temperature: 6, constructor: 3 });
    const next = / fridge-1 {2}constructor 3 {2}temperature 6 {2}\(1\)\n/;
    await eventually('the next window', () => next.test(output), 30_000);
  } finally {
    child.kill();
  }
});

test('watch waits for a first device, and finds it soon', async () => {
  const args = [path.join(root, 'commands/watch.ts'), '--site', 'tacoma', ...place()];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    let [output, said] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
    await eventually('the wait', () =>
      said.startsWith('no device of site tacoma has sent anything yet: waiting'),
    );
    await createDevice(tidegate, 'tacoma-1', certs);
    await publish({ temperature: 5 }, 'tacoma-1', 'tacoma');
    await eventually('its window', () => / tacoma-1 {2}temperature 5 {2}\(1\)\n/.test(output), 30_000);
  } finally {
    child.kill();
  }
});

const wrong: readonly (readonly [args: string[], line: RegExp])[] = [
  [['alerts', 'ack', 'nobody'], /^nobody has no active alert\n$/],
  [['alerts', 'history', '--from', 'yesterday'], /^--from yesterday: is not a time such as -1h, /],
  [['alerts', 'history', 'nobody'], /^There is no device nobody\n$/],
  [['alerts', 'unsnooze', 'nobody'], /^There is no device nobody\n$/],
  [['alerts', '--format', 'xml'], /^--format xml: must be table, csv, json\n$/],
  [['alerts', 'list', 'fridge-1'], /^list does not take fridge-1; usage: /],
  [['alerts', '--nope'], /^Unknown option '--nope'; usage: /],
  [['alerts', 'do'], /^unknown command do; usage: /],
  [['alerts', 'snooze', 'nobody', '2h'], /^There is no device nobody\n$/],
  [['alerts', 'snooze', 'fridge-1', '2x'], /^snooze 2x: is not a span such as 30m, 2h or 1d\n$/],
  [['limit', 'silent'], /^say the new limit, such as npm run limit -- silent 6; usage: /],
  [['limit', 'nope', '6'], /^There is no rule nope\n$/],
  [['limit', 'silent', '6'], /^rule silent has no limit above or below to move\n$/],
  [['limit', 'temperature-high', 'six'], /^six: must be a number such as 6 or -0\.5\n$/],
  [['watch', 'nobody'], /^There is no device nobody\n$/],
  [['watch', '--api-url', 'here'], /^--api-url here: must be an address such as /],
];
for (const [[command, ...args], line] of wrong) {
  test(`${command} ${args.join(' ')} ends with one line with the remedy`, async () => {
    const { code, stderr } = await run(command!, ...args);
    assert.equal(code, 2);
    assert.match(stderr, line);
  });
}

test('report creates a sheet, a table and JSON of the month, with the excursion and its acknowledgement', async () => {
  const month = new Date().toISOString().slice(0, 7);
  await run('alerts', 'ack', 'fridge-1', 'temperature-high', 'report <b>');
  const out = (name: string) => path.join(temporaryFolder(), name);
  const [html, csv, json] = [out('r.html'), out('r.csv'), out('r.json')];
  for (const file of [html, csv, json]) {
    const { code, stdout, stderr } = await run(
      'report',
      '--device',
      'fridge-1',
      '--month',
      month,
      '--out',
      file,
    );
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /r\.(html|csv|json): 1 device, /);
  }
  const sheet = readFileSync(html, 'utf8');
  assert.match(sheet, /Temperature record/);
  assert.match(sheet, /11\.5/);
  assert.match(sheet, /&lt;b&gt;/);
  assert.match(sheet, /Not checked against the archive/);
  assert.match(readFileSync(csv, 'utf8'), /\nexcursion,fridge-1,seattle,.*,11\.5,/);
  const { devices } = JSON.parse(readFileSync(json, 'utf8')) as {
    devices: { report: { excursions: { worst: number; acknowledged: object }[] } }[];
  };
  assert.equal(devices[0]!.report.excursions[0]!.worst, 11.5);
  for (const [args, sentence] of [
    [['--month', '2026-13'], /--month 2026-13: must be a month such as 2026-11/],
    [['--site', 'nowhere'], /no device matches: npm run device -- list/],
    [['--out', 'r.pdf'], /--out r\.pdf: must end in \.html, \.csv or \.json/],
  ] as const) {
    const { code, stderr } = await run('report', ...args);
    assert.equal(code, 2);
    assert.match(stderr, sentence);
  }
});
