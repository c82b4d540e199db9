// What was delivered, read back as people read it, and how many texts a text is.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { composeEmail } from '../../sns/email.ts';
import { readInbox } from '../../sns/inbox.ts';
import { smsSize } from '../../sns/sms-parts.ts';
import { composeTextMessage } from '../../sns/text-message.ts';
import { topicArn } from './fixture.ts';

const at = Date.UTC(2026, 0, 1);
const text =
  'Zu warm: 9,5 °C <b>\n\n' +
  'ein sehr langer Satz ohne Ende '.repeat(8) +
  '\nhttp://localhost:8080/#/device/a';

function openFolders(): string {
  const dir = temporaryFolder();
  for (const folder of ['mail', 'sms']) mkdirSync(path.join(dir, folder));
  return dir;
}

const mailFrom = (subject: string | undefined) =>
  composeEmail({
    ...{ at, id: 'm1', from: { name: 'Kühl, "Nord"', address: 'alerts@local' }, to: 'ann@example.com' },
    ...{ subject, text, topicArn, subscriptionArn: `${topicArn}:1` },
  });

test('a mail and a text come back as they were sent, the newest first', async () => {
  const dir = openFolders();
  writeFileSync(
    path.join(dir, 'mail/20260101T000000.000Z-m1.eml'),
    await mailFrom('Kühlschrank 3 ist zu warm'),
  );
  const sms = 'Fridge 3: 9.5\n\nToo warm';
  const composed = { at: at + 1000, id: 'm2', to: '+12065550100', displayName: 'Cold', senderId: 'COLD' };
  writeFileSync(
    path.join(dir, 'sms/20260101T000001.000Z-+12065550100-m2.txt'),
    composeTextMessage({ ...composed, text: sms }),
  );
  writeFileSync(path.join(dir, 'mail/20260101T000000.000Z-m1.eml.failed.txt'), 'no mail');
  const shown = `Cold> ${sms}`;
  assert.deepEqual(await readInbox(dir), {
    total: 2,
    messages: [
      {
        ...{ kind: 'sms', id: '20260101T000001.000Z-+12065550100-m2.txt', at: at + 1000, to: '+12065550100' },
        ...{ text: shown, length: shown.length, parts: 1 },
      },
      {
        ...{ kind: 'mail', id: '20260101T000000.000Z-m1.eml', at, from: 'Kühl, "Nord" <alerts@local>' },
        ...{ to: 'ann@example.com', subject: 'Kühlschrank 3 ist zu warm', text },
      },
    ],
  });
});

test('of many the newest hundred are listed, and all are counted', async () => {
  const dir = openFolders();
  const raw = await mailFrom(undefined);
  for (let n = 0; n < 103; n += 1) writeFileSync(path.join(dir, `mail/${1000 + n}.eml`), raw);
  const { total, messages } = await readInbox(dir);
  assert.deepEqual(
    [total, messages.length, messages[0]!.id, messages.at(-1)!.id],
    [103, 100, '1102.eml', '1003.eml'],
  );
});

test('a folder that was removed is an error, not an empty inbox', async () => {
  const dir = openFolders();
  rmSync(path.join(dir, 'sms'), { recursive: true });
  await assert.rejects(readInbox(dir), /ENOENT.*sms/);
});

const sizes: readonly (readonly [what: string, text: string, length: number, parts: number])[] = [
  ['nothing', '', 0, 1],
  ['160 letters', 'a'.repeat(160), 160, 1],
  ['161 letters', 'a'.repeat(161), 161, 2],
  ['306 letters', 'a'.repeat(306), 306, 2],
  ['307 letters', 'a'.repeat(307), 307, 3],
  ['letters of GSM 03.38 beyond ASCII', 'äöüÄÖÜßàéèñ°'.slice(0, 11), 11, 1],
  ['80 euro signs, of two units each', '€'.repeat(80), 160, 1],
  ['a euro sign that does not fit into the first part', 'a'.repeat(152) + '€'.repeat(78), 308, 3],
  ['a degree sign, which GSM 03.38 lacks', `${'a'.repeat(69)}°`, 70, 1],
  ['71 characters with one that GSM 03.38 lacks', `${'a'.repeat(70)}°`, 71, 2],
  ['an emoji, of two units', '\u{1F9CA}'.repeat(35), 70, 1],
];
for (const [what, given, length, parts] of sizes) {
  test(`${what}: ${length} units, ${parts} ${parts === 1 ? 'part' : 'parts'}`, () => {
    assert.deepEqual(smsSize(given), { length, parts });
  });
}
