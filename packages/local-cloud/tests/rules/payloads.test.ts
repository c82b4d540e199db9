// Payloads that are not JSON objects: what rules can and cannot do with them, and the rule for them.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { MAX_DEPTH } from '../../json/json.ts';
import { select } from './message.ts';

const all = "SELECT * FROM 'a'";
const more = "SELECT *, 1 AS one FROM 'a'";
const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const latin1 = Buffer.from('{"a":"\xe9"}', 'latin1');

describe('SELECT * and more', () => {
  const failing: [string, string | Buffer, string][] = [
    ['text', 'hello', 'it selects from the payload, which is not JSON'],
    ['truncated JSON', '{"a":', 'it selects from the payload, which is not JSON'],
    ['NaN', '{"a":NaN}', 'it selects from the payload, which is not JSON'],
    ['JSON behind a byte order mark', '\uFEFF{"a":1}', 'it selects from the payload, which is not JSON'],
    ['invalid UTF-8', latin1, 'it selects from the payload, which is not UTF-8'],
    ['an array', '[{"a":1}]', 'it selects * and more from what is not a JSON object'],
    ['a number', '5', 'it selects * and more from what is not a JSON object'],
    ['null', 'null', 'it selects * and more from what is not a JSON object'],
    ['JSON that is too deep', deep(MAX_DEPTH + 1), 'it selects from the payload, which is not JSON'],
    ['10,000 levels', '['.repeat(10_000), 'it selects from the payload, which is not JSON'],
  ];
  for (const [what, payload, reason] of failing) {
    it(`fails for ${what}`, () => assert.equal(select(more, payload), `failed: ${reason}`));
  }
  it('adds to an empty payload', () => assert.equal(select(more, ''), '{"one":1}'));
  it(`takes ${MAX_DEPTH} levels`, () => assert.match(select(more, deep(MAX_DEPTH)), /,"one":1\}$/));
  it('does not take brackets in text for depth', () => {
    const payload = JSON.stringify({ a: `\\"${'{['.repeat(1_000)}` });
    assert.equal(select('SELECT a', payload), payload);
  });
});

describe('payloads that are not JSON', () => {
  it('go through SELECT * as they are', () => {
    assert.equal(select(all, latin1), `bytes ${latin1.toString('hex')}`);
    assert.equal(select(all, ''), 'bytes ');
    assert.equal(select(all, '[1]'), '[1]');
  });
  it('can be encoded beside the context of the message', () => {
    assert.equal(
      select("SELECT encode(*, 'base64') AS data, topic(1) AS t", latin1),
      `{"data":"${latin1.toString('base64')}","t":"telemetry"}`,
    );
  });
  it('can be decoded as text or number', () => {
    const sql =
      "SELECT decode(encode(*, 'base64'), 'base64') AS value WHERE decode(encode(*, 'base64'), 'base64') > 50";
    assert.equal(select(sql, '80'), '{"value":80}');
    assert.equal(
      select("SELECT decode(encode(*, 'base64'), 'base64') AS value", 'hello'),
      '{"value":"hello"}',
    );
  });
  it('fail a statement that names members in WHERE or SET, also where it would be true without them', () => {
    const failed = 'failed: it selects from the payload, which is not JSON';
    assert.equal(select("SELECT * WHERE device_type = 'thermostat'", 'x'), failed);
    assert.equal(select('SELECT * WHERE isUndefined(device_type)', 'x'), failed);
    assert.equal(select('SET @t = nanvl(device_type, 1) SELECT @t AS t', 'x'), failed);
    assert.equal(select('SELECT * AS data', 'x'), failed);
    assert.equal(select('SELECT * WHERE timestamp() % 12 = 11', 'x'), 'bytes 78');
  });
  it('fail a list that names members', () => {
    assert.equal(select('SELECT device_type', 'x'), 'failed: it selects from the payload, which is not JSON');
  });
});

describe('the rule for malformed messages', () => {
  const sql = `SELECT encode(*, 'base64') AS rawPayload FROM 'telemetry/+/+'
    WHERE (NOT startswith(nanvl(decode(encode(*, 'base64'), 'base64'), ''), '{'))
    OR (NOT isUndefined(get(decode(encode(*, 'base64'), 'base64'), 0)))`;
  const caught: [string, string | Buffer][] = [
    ['text', 'hello'],
    ['truncated JSON', '{"a":'],
    ['an opening brace', '{'],
    ['an array', '[1]'],
    ['an empty array', '[]'],
    ['an integer', '5'],
    ['a decimal', '-0.5e3'],
    ['true', 'true'],
    ['false', 'false'],
    ['null', 'null'],
    ['a string', '"x"'],
    ['a string with a brace', '"{"'],
    ['an empty string', '""'],
    ['nothing', ''],
    ['a blank', ' '],
    ['invalid UTF-8', latin1],
    ['a byte order mark', '\uFEFF{}'],
    ['too many levels', deep(MAX_DEPTH + 1)],
    ['two objects', '{} {}'],
  ];
  for (const [what, payload] of caught) {
    it(`catches ${what}`, () => {
      assert.equal(select(sql, payload), `{"rawPayload":"${Buffer.from(payload).toString('base64')}"}`);
    });
  }
  for (const payload of [
    '{}',
    ' {"a":1}\n',
    '{"0":1}',
    '{"length":0,"a":[]}',
    '{"__proto__":1}',
    deep(MAX_DEPTH),
  ]) {
    it(`leaves ${payload.slice(0, 30).trim()} alone`, () => assert.equal(select(sql, payload), 'skipped'));
  }
});
