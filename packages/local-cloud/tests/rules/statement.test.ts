// SELECT, WHERE, SET, CASE and nested queries over JSON payloads.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { select } from './message.ts';

const color = '{"color":"red","temperature":50,"rgb":{"red":255,"green":0},"lat_long":[47.606,-122.332]}';
const senml = JSON.stringify({
  e: [
    { n: 'temperature', u: 'Cel', t: 1234, v: 22.5 },
    { n: 'light', u: 'lm', t: 1235, v: 135 },
    { n: 'acidity', u: 'pH', t: 1235, v: 7 },
  ],
});
const nested = JSON.stringify({
  data2: {
    a: 'first',
    b: 'second',
    c: [
      { x: { i: 5 }, y: true },
      { x: { i: 10 }, y: false },
    ],
  },
});

const cases: [string, string, string, string][] = [
  ['takes the whole payload', "SELECT * FROM 'a/b'", '{"a":1}', '{"a":1}'],
  ['takes fields', "SELECT color FROM 'a/b'", color, '{"color":"red"}'],
  [
    'renames',
    "SELECT color AS my_color, temperature as fahrenheit FROM 'a/b'",
    color,
    '{"my_color":"red","fahrenheit":50}',
  ],
  ['adds to the payload', "SELECT *, 15 as speed FROM 'a/b'", '{"a":1}', '{"a":1,"speed":15}'],
  ['reaches into objects', "SELECT rgb.red AS red_value FROM 'a/b'", color, '{"red_value":255}'],
  [
    'calls a member of objects by its own name',
    'SELECT rgb.red, temperature, rgb.green AS g',
    color,
    '{"red":255,"temperature":50,"g":0}',
  ],
  ['brings all members of an object', 'SELECT rgb.*, color', color, '{"red":255,"green":0,"color":"red"}'],
  ['lets a field with a name win over members', "SELECT rgb.*, 'x' AS red", color, '{"red":"x","green":0}'],
  [
    'adds nothing from a value that is not an object',
    'SELECT color.*, lat_long.*, nothing.*, 1 AS one',
    color,
    '{"one":1}',
  ],
  [
    'brings members beside *',
    'SELECT *, a.*',
    '{"a":{"b":1,"__proto__":2},"b":3}',
    '{"a":{"b":1,"__proto__":2},"b":1,"__proto__":2}',
  ],
  ['passes over a comma before FROM', "SELECT color AS c, FROM 'a/b'", color, '{"c":"red"}'],
  ['takes * anywhere in the list', 'SELECT 15 AS speed, *', '{"a":1}', '{"a":1,"speed":15}'],
  [
    'lets a named field win over *, in any order',
    'SELECT topic(1) AS color, *',
    '{"color":"red"}',
    '{"color":"telemetry"}',
  ],
  [
    'puts the whole payload under a name',
    'SELECT * AS data, topic(3) AS id',
    '{"a":1}',
    '{"data":{"a":1},"id":"s1"}',
  ],
  ['puts a payload that is not an object under a name', 'SELECT * AS data', '[1,2]', '{"data":[1,2]}'],
  [
    'puts whole elements under a name, and brings their members',
    'SELECT (SELECT * AS e, x.* FROM c AS row) AS l',
    '{"c":[{"x":{"i":5}}]}',
    '{"l":[{"i":5,"e":{"x":{"i":5}}}]}',
  ],
  [
    'gives a name with points an object',
    'SELECT rgb.red AS a.b.c, color AS a.d',
    color,
    '{"a":{"b":{"c":255},"d":"red"}}',
  ],
  [
    'adds inside an object of the payload',
    'SELECT *, 1 AS rgb.blue',
    '{"rgb":{"red":2},"x":3}',
    '{"rgb":{"red":2,"blue":1},"x":3}',
  ],
  [
    'takes keywords as names behind AS and points',
    'SELECT rgb.red AS value, rgb.green AS from',
    color,
    '{"value":255,"from":0}',
  ],
  [
    'computes',
    "SELECT (temperature - 32) * 5 / 9 AS celsius, upper(color) as c FROM 'a/b'",
    color,
    '{"celsius":10,"c":"RED"}',
  ],
  ['gives a value alone', "SELECT VALUE color FROM 'a/b'", color, '"red"'],
  ['gives an array alone', 'SELECT VALUE [color, temperature]', color, '["red",50]'],
  [
    'knows a field called value',
    "SELECT value, value * 2 AS twice FROM 'a'",
    '{"value":4}',
    '{"value":4,"twice":8}',
  ],
  [
    'builds objects',
    'SELECT {\'latitude\': get(lat_long, 0), "longitude": get(lat_long, 1)} AS p',
    color,
    '{"p":{"latitude":47.606,"longitude":-122.332}}',
  ],
  ['builds arrays', 'SELECT [temperature, color] AS l', color, '{"l":[50,"red"]}'],
  [
    'leaves out what is Undefined',
    "SELECT color, nothing, rgb.alpha AS alpha, {'a': nothing, 'b': 1} AS o, [1, nothing] AS l",
    color,
    '{"color":"red","o":{"b":1},"l":[1]}',
  ],
  [
    'removes what * brought where a field of the same name is Undefined',
    'SELECT *, topic(9) AS color',
    '{"color":"red","temperature":50}',
    '{"temperature":50}',
  ],
  ['keeps Null', 'SELECT NULL AS n, x', '{"x":null}', '{"n":null,"x":null}'],
  ['gives empty text for Undefined alone', 'SELECT VALUE nothing', '{}', ''],
  [
    'fires where WHERE is true',
    "SELECT color FROM 'a/b' WHERE temperature >= 50 AND color <> 'blue'",
    color,
    '{"color":"red"}',
  ],
  ['does not fire where it is false', "SELECT color FROM 'a/b' WHERE temperature > 50", color, 'skipped'],
  ['does not fire where it is Undefined', 'SELECT color WHERE nothing = 1', color, 'skipped'],
  ['does not fire where it is text', "SELECT color WHERE 'true'", color, 'skipped'],
  ['does not let WHERE see aliases', 'SELECT temperature AS t WHERE t = 50', color, 'skipped'],
  [
    'takes the first equal WHEN',
    "SELECT CASE color WHEN 'green' THEN 'go' WHEN 'red' THEN 'stop' WHEN 'red' THEN 'no' ELSE 'dark' END AS i",
    color,
    '{"i":"stop"}',
  ],
  ['takes ELSE', "SELECT CASE temperature WHEN 1 THEN 'a' ELSE 'dark' END AS i", color, '{"i":"dark"}'],
  ['has no CASE of Undefined', "SELECT CASE nothing WHEN 1 THEN 'a' ELSE 'dark' END AS i", color, '{}'],
  ['has no CASE without match or ELSE', "SELECT CASE color WHEN 1 THEN 'a' END AS i", color, '{}'],
  [
    'asks arrays for values',
    "SELECT (SELECT VALUE n FROM e) as sensors FROM 'my/topic'",
    senml,
    '{"sensors":["temperature","light","acidity"]}',
  ],
  [
    'asks arrays for objects',
    "SELECT (SELECT v FROM e WHERE n = 'temperature') as temperature",
    senml,
    '{"temperature":[{"v":22.5}]}',
  ],
  [
    'takes one of them',
    "SELECT get((SELECT v FROM e WHERE n = 'temperature'), 0).v as temperature",
    senml,
    '{"temperature":22.5}',
  ],
  [
    'gives the element an alias',
    "SELECT (SELECT VALUE s FROM ['a', 'b', 'c'] AS s WHERE s <> 'b') AS l",
    '{}',
    '{"l":["a","c"]}',
  ],
  [
    'takes whole elements',
    'SELECT (SELECT * FROM e WHERE v > 100) AS l',
    senml,
    '{"l":[{"n":"light","u":"lm","t":1235,"v":135}]}',
  ],
  [
    'asks an object for an array of one result',
    'SELECT get((SELECT a FROM data2), 0) AS first, (SELECT VALUE a FROM data2) AS a',
    nested,
    '{"first":{"a":"first"},"a":["first"]}',
  ],
  [
    'asks an object that WHERE leaves out for an empty array',
    "SELECT (SELECT a FROM data2 WHERE a = 'x') AS a, EXISTS (SELECT a FROM data2) AS b",
    nested,
    '{"a":[],"b":true}',
  ],
  [
    'reads a member whose name SQL cannot write',
    "SELECT get(*, 'sensor-1').t AS t WHERE get(*, 'a b') = 1",
    '{"sensor-1":{"t":21.5},"a b":1}',
    '{"t":21.5}',
  ],
  ['asks objects', 'SELECT VALUE (SELECT a, b FROM data2)', nested, '[{"a":"first","b":"second"}]'],
  [
    'asks inside a question',
    'SELECT VALUE (SELECT (SELECT VALUE x.i FROM c) AS is FROM data2)',
    nested,
    '[{"is":[5,10]}]',
  ],
  [
    'enriches arrays',
    "select value transform('enrichArray', (select a, b from data2), (select value c from data2)) from 'A/B'",
    nested,
    '[{"x":{"i":5},"y":true,"a":"first","b":"second"},{"x":{"i":10},"y":false,"a":"first","b":"second"}]',
  ],
  ['asks nothing of text', 'SELECT (SELECT a FROM color) AS l', color, '{}'],
  [
    'knows EXISTS',
    'SELECT EXISTS (SELECT n FROM e WHERE v = 7) AS yes, EXISTS (SELECT n FROM e WHERE v = 8) AS no',
    senml,
    '{"yes":true,"no":false}',
  ],
  [
    'decides where nanvl() is around an operand that may be Undefined',
    'SELECT nanvl(before.v <> color, true) OR isUndefined(before) AS changed WHERE isUndefined(before) OR nanvl(before.v <> color, false)',
    color,
    '{"changed":true}',
  ],
  ['knows IN', "SELECT color IN ['red', 'blue'] AS known", color, '{"known":true}'],
  [
    'sets variables',
    "SET @c = (temperature - 32) * 5 / 9, @d = @c + 1 SELECT @c AS c, @d AS d FROM 'a' WHERE @c = 10",
    color,
    '{"c":10,"d":11}',
  ],
  ['reaches into variables', "SET @o = {'a': {'b': 1}} SELECT @o.a.b AS b", '{}', '{"b":1}'],
  [
    'sees variables in nested queries',
    "SET @n = 'light' SELECT (SELECT VALUE v FROM e WHERE n = @n) AS v",
    senml,
    '{"v":[135]}',
  ],
  [
    'refuses large variables',
    'SET @a = x + x SELECT @a AS a',
    `{"x":"${'x'.repeat(70_000)}"}`,
    'failed: the variables of SET are larger than 128 KiB',
  ],
];

describe('a statement', () => {
  for (const [fact, sql, payload, expected] of cases) {
    it(fact, () => assert.equal(select(sql, payload), expected));
  }
  it('knows keywords in any case and names in their own only', () => {
    assert.equal(select('sElEcT color aS a', color), '{"a":"red"}');
    assert.equal(select('SELECT Color AS a', color), '{}');
  });
});

describe("the template's rule", () => {
  const sql = `SELECT *, topic(3) AS deviceId, topic(2) AS site, timestamp() AS receivedAt, clientid() AS clientId,
    traceid() AS traceId FROM 'telemetry/+/+' WHERE encode(*, 'base64') <> ''`;
  const added =
    '"deviceId":"s1","site":"seattle","receivedAt":1790000000123,"clientId":"s1","traceId":"12345678-1234-1234-1234-123456789012"';

  it('adds the sender of the reading, its time and its source', () => {
    assert.equal(select(sql, '{"temperature":4.2}'), `{"temperature":4.2,${added}}`);
  });
  it('lets the topic win over a device id in the payload', () => {
    assert.equal(
      select(sql, '{"deviceId":"other","traceId":1}'),
      `{"deviceId":"s1","traceId":"12345678-1234-1234-1234-123456789012","site":"seattle","receivedAt":1790000000123,"clientId":"s1"}`,
    );
  });
  it('does not let the payload fill in for a topic that is too short', () => {
    const result = select("SELECT *, topic(3) AS deviceId FROM 'a'", '{"deviceId":"other"}', 'a');
    assert.equal(result, '{}');
  });
  it('skips the empty payload', () => assert.equal(select(sql, ''), 'skipped'));
  it('keeps integers above 2^53 and long decimals digit for digit', () => {
    const payload =
      '{"id":9007199254740993,"big":123456789012345678901234567890,"temperature":4.1234567890123456789,"e":1e400}';
    assert.equal(select(sql, payload), `${payload.slice(0, -1)},${added}}`);
  });
  it('is not slowed down by a number of 120,000 digits', () => {
    const payload = `{"n":1${'0'.repeat(60_000)}1${'0'.repeat(60_000)},"m":0.${'0'.repeat(1_000)}1}`;
    assert.equal(select('SELECT *', payload), payload);
    assert.equal(select('SELECT n > 1 AS a, m < 1 AS b, n + 0 AS c', payload), '{}');
  });
  it('keeps __proto__ a name like any other', () => {
    const payload = '{"__proto__":{"deviceId":"x"},"constructor":1,"toString":2}';
    assert.equal(select(sql, payload), `${payload.slice(0, -1)},${added}}`);
    assert.equal(
      select('SELECT __proto__.deviceId AS a, 1 AS __proto__.b', payload),
      '{"a":"x","__proto__":{"b":1}}',
    );
    assert.equal(({} as Record<string, unknown>)['b'], undefined);
  });
  it('takes the last of two members of one name', () => {
    assert.equal(select('SELECT a', '{"a":1,"a":2}'), '{"a":2}');
  });
});
