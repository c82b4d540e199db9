// parse_time() and time_to_epoch(): the examples of AWS, every letter, time zones, and invalid texts.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { jsonOf, type Value } from '../../json/value.ts';
import { select, valueOf } from './message.ts';

const utc = (text: string) => Date.parse(`${text}Z`);
/** A Saturday in winter time, with all fields different. */
const saturday = utc('2022-01-01T15:04:05.067');

const formats: [string, Value][] = [
  // The examples of the developer guide.
  [
    `parse_time("yyyy.MM.dd G 'at' HH:mm:ss z", 100000000, "America/Belize")`,
    '1970.01.01 AD at 21:46:40 CST',
  ],
  [`parse_time("yyyy.MM.dd G 'at' HH:mm:ss z", 1497028786000)`, '2017.06.09 AD at 17:19:46 UTC'],
  [`parse_time("yyyy", timestamp(), "UTC")`, '2026'],
  // Letters.
  [`parse_time("C x w e", ${saturday})`, '20 2021 52 6'],
  [`parse_time("xxxx-'W'ww-e", ${utc('2020-12-31T00:00:00')})`, '2020-W53-4'],
  [`parse_time("y yy yyyyy Y YY", ${saturday})`, '2022 22 02022 2022 22'],
  [`parse_time("D DDD M MM MMM MMMM d dd", ${saturday})`, '1 001 1 01 Jan January 1 01'],
  [`parse_time("E EEE EEEE a", ${saturday})`, 'Sat Sat Saturday PM'],
  [`parse_time("H HH h hh K k", ${saturday})`, '15 15 3 03 3 15'],
  [`parse_time("H h K k a", ${utc('2022-01-01T00:30:00')})`, '0 12 0 24 AM'],
  [`parse_time("m mm s ss S SS SSS SSSSSS", ${saturday})`, '4 04 5 05 0 06 067 067000'],
  [
    `parse_time("Z ZZ ZZZ z zzzz", ${saturday}, "America/New_York")`,
    '-0500 -05:00 America/New_York EST Eastern Standard Time',
  ],
  [`parse_time("HH:mm z", ${utc('2022-07-01T12:00:00')}, "America/New_York")`, '08:00 EDT'],
  [`parse_time("HH:mm Z", ${saturday}, "+05:30")`, '20:34 +0530'],
  [`parse_time("HH:mm ZZ", ${saturday}, "UTC+1")`, '16:04 +01:00'],
  [`parse_time("HH''mm '' 'o''clock' ü", ${saturday})`, "15'04 ' o'clock ü"],
  [`parse_time("", ${saturday})`, ''],
  [`parse_time("yyyy G", ${utc('0001-01-01T00:00:00') - 1})`, '0000 BC'],
  // Conversions.
  [`parse_time("yyyy-MM-dd", "86400000")`, '1970-01-02'],
  [`parse_time("ss.SSS", 1500.9)`, '01.500'],
  [`parse_time("yyyy", nothing)`, undefined],
  [`parse_time("yyyy", null)`, undefined],
  [`parse_time("yyyy", "x")`, undefined],
  [`parse_time(nothing, 0)`, undefined],
  [`parse_time("yyyy", 8640000000000001)`, undefined],
  [`parse_time("yyyy", 0, concat("Nowhere", "/Land"))`, undefined],
  [`parse_time("yyyy")`, undefined],
];

const parses: [string, Value][] = [
  // The examples of the developer guide.
  ['time_to_epoch("2020-04-03 09:45:18 UTC+01:00", "yyyy-MM-dd HH:mm:ss VV")', 1_585_903_518_000],
  ['time_to_epoch("18 December 2015", "dd MMMM yyyy")', 1_450_396_800_000],
  [
    'time_to_epoch("2007-12-03 10:15:30.592 America/Los_Angeles", "yyyy-MM-dd HH:mm:ss.SSS z")',
    1_196_705_730_592,
  ],
  // Letters.
  ['time_to_epoch("20200403094518", "yyyyMMddHHmmss")', utc('2020-04-03T09:45:18')],
  ['time_to_epoch("2020-04-03T09:45:18Z", "yyyy-MM-dd\'T\'HH:mm:ssX")', utc('2020-04-03T09:45:18')],
  ['time_to_epoch("2020-04-03T09:45:18+0130", "uuuu-MM-dd\'T\'HH:mm:ssXX")', utc('2020-04-03T08:15:18')],
  ['time_to_epoch("2020-04-03T09:45:18-01:30", "yyyy-MM-dd\'T\'HH:mm:ssxxx")', utc('2020-04-03T11:15:18')],
  ['time_to_epoch("2020-04-03 +0100", "yyyy-MM-dd Z")', utc('2020-04-02T23:00:00')],
  ['time_to_epoch("2020-04-03 GMT-8", "yyyy-MM-dd O")', utc('2020-04-03T08:00:00')],
  ['time_to_epoch("2020-04-03 GMT", "yyyy-MM-dd OOOO")', utc('2020-04-03T00:00:00')],
  ['time_to_epoch("4/3/20 3:07 PM", "M/d/yy h:mm a")', utc('2020-04-03T15:07:00')],
  ['time_to_epoch("4/3/20 12:07 AM", "M/d/yy h:mm a")', utc('2020-04-03T00:07:00')],
  ['time_to_epoch("2020-094 24", "yyyy-DDD k")', utc('2020-04-03T00:00:00')],
  ['time_to_epoch("2020-04-03 24:00", "yyyy-MM-dd HH:mm")', utc('2020-04-04T00:00:00')],
  ['time_to_epoch("Fri 3 Apr 2020", "EEE d MMM yyyy")', utc('2020-04-03T00:00:00')],
  ['time_to_epoch("2020-04-03 7:2:1.5", "yyyy-MM-dd H:m:s.S")', utc('2020-04-03T07:02:01.500')],
  ['time_to_epoch("2020-04-03 PST", "yyyy-MM-dd z")', utc('2020-04-03T07:00:00')],
  ['time_to_epoch("0044-03-15 BC", "yyyy-MM-dd G")', new Date(0).setUTCFullYear(-43, 2, 15)],
  ['time_to_epoch("2020-04-03 10", "yyyy-MM-dd[ HH[:mm]]")', utc('2020-04-03T10:00:00')],
  ['time_to_epoch("2020-04-03", "yyyy-MM-dd[ HH[:mm]]")', utc('2020-04-03T00:00:00')],
  ["time_to_epoch(\"3 o'clock 2020-04-03\", \"H 'o''clock' yyyy-MM-dd\")", utc('2020-04-03T03:00:00')],
  // Changes of the clocks: the skipped hour is later, of the hour that comes twice the first one counts.
  ['time_to_epoch("2020-03-29 02:30 Europe/Berlin", "yyyy-MM-dd HH:mm VV")', utc('2020-03-29T01:30:00')],
  ['time_to_epoch("2020-10-25 02:30 Europe/Berlin", "yyyy-MM-dd HH:mm VV")', utc('2020-10-25T00:30:00')],
  ['time_to_epoch("2020-10-25 03:00 Europe/Berlin", "yyyy-MM-dd HH:mm VV")', utc('2020-10-25T02:00:00')],
  // Java's resolver is smart: the 31st of a shorter month is its last day.
  ['time_to_epoch("2020-02-31", "yyyy-MM-dd")', utc('2020-02-29T00:00:00')],
];

const noTimes: [string, string][] = [
  ['2020-04-03x', 'yyyy-MM-dd'],
  ['x2020-04-03', 'yyyy-MM-dd'],
  ['20-04-03', 'yyyy-MM-dd'],
  ['2020-13-03', 'yyyy-MM-dd'],
  ['2020-00-03', 'yyyy-MM-dd'],
  ['2020-04-32', 'yyyy-MM-dd'],
  ['2021-366', 'yyyy-DDD'],
  ['2020-04-03 25', 'yyyy-MM-dd HH'],
  ['2020-04-03 24:01', 'yyyy-MM-dd HH:mm'],
  ['2020-04-03 10:60', 'yyyy-MM-dd HH:mm'],
  ['2020-04-03 13 PM', 'yyyy-MM-dd hh a'],
  ['2020-04-03 10', 'yyyy-MM-dd hh'],
  ['2020-04-03 10', 'yyyy-MM-dd mm'],
  ['Thu 3 Apr 2020', 'EEE d MMM yyyy'],
  ['3 apr 2020', 'd MMM yyyy'],
  ['2020-04-03 Nowhere/Land', 'yyyy-MM-dd VV'],
  ['2020-04-03 +25:00', 'yyyy-MM-dd XXX'],
  ['2020-04-03 2021', 'yyyy-MM-dd yyyy'],
  ['0000-04-03', 'yyyy-MM-dd'],
  ['10:00', 'HH:mm'],
  ['2020-04', 'yyyy-MM'],
  ['', 'yyyy'],
  ['999999999-01-01', 'yyyy-MM-dd'],
  ['2'.repeat(600), 'yyyy'],
];

const show = (value: Value) => jsonOf(value) || 'Undefined';

describe('a time', () => {
  for (const [expression, expected] of [...formats, ...parses]) {
    it(`${expression} is ${show(expected)}`, () => assert.deepEqual(valueOf(expression), expected));
  }
  for (const [text, pattern] of noTimes) {
    it(`${JSON.stringify(text.slice(0, 30))} is Undefined by ${pattern}`, () => {
      const payload = JSON.stringify({ text, pattern });
      assert.equal(valueOf('time_to_epoch(text, pattern)', payload), undefined);
    });
  }
  it('is read back unchanged, in every zone and hour of a day that changes the clocks', () => {
    const pattern = '"yyyy-MM-dd HH:mm:ss.SSS"';
    for (const zone of [
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      '-09:30',
    ]) {
      for (let hour = 0; hour < 24; hour++) {
        const time = utc('2020-06-28T00:00:00.123') + hour * 3_600_000;
        const text = valueOf(`parse_time(${pattern}, t, z)`, JSON.stringify({ t: time, z: zone }));
        const back = valueOf(
          'time_to_epoch(concat(x, " ", z), "yyyy-MM-dd HH:mm:ss.SSS VV")',
          JSON.stringify({ x: text, z: zone }),
        );
        assert.equal(back, time, `${zone} ${show(text)}`);
      }
    }
  });
});

describe('a time pattern', () => {
  const refused: [string, string][] = [
    ["parse_time('yyyy-LL', 0)", '1:19: parse_time(): Joda-Time has no letter L'],
    [`parse_time("yyyy 'at", 0)`, '1:19: parse_time(): a quote has no end'],
    ["parse_time('yyyy', 0, 'Nowhere')", '1:30: parse_time(): there is no time zone "Nowhere"'],
    ["time_to_epoch(t, 'YYYY-MM-dd')", '1:25: time_to_epoch(): the local cloud does not read YYYY'],
    ["time_to_epoch(t, 'yyyy-MMMMM')", '1:25: time_to_epoch(): the local cloud does not read MMMMM'],
    ["time_to_epoch(t, 'yyyy{')", '1:25: time_to_epoch(): "{" at position 5 means nothing'],
    ["time_to_epoch(t, '[yyyy')", '1:25: time_to_epoch(): square brackets come in pairs'],
  ];
  for (const [expression, message] of refused) {
    it(`in ${expression} is refused when the rule is compiled`, () => {
      assert.throws(() => select(`SELECT ${expression} AS x`, '{}'), {
        name: 'SqlError',
        message: `SQL ${message}`,
      });
    });
  }
  it('that a payload has and no service knows fails the SQL', () => {
    assert.equal(
      select('SELECT time_to_epoch(t, p) AS x', '{"t":"1","p":"W"}'),
      'failed: the local cloud does not know the time pattern: the local cloud does not read W',
    );
  });
  it('of hostile size ends soon', () => {
    const begin = performance.now();
    for (const p of [
      'd'.repeat(200),
      'dHms'.repeat(50),
      '['.repeat(200),
      'd[H[m'.repeat(40),
      'y'.repeat(501),
    ]) {
      select('SELECT time_to_epoch(t, p) AS a', JSON.stringify({ t: '1'.repeat(500), p }));
      select('SELECT parse_time(p, 0) AS a', JSON.stringify({ p }));
    }
    assert.ok(performance.now() - begin < 5_000);
  });
});
