// Names and values that are known to be difficult, as JSON text, which some are not.

const ofWords = (words: string) => words.split(' ');
const ofTexts = (...texts: readonly string[]) => texts.map((text) => `"${text}"`);

export const numbers: readonly string[] = [
  ...ofWords('4.2 4.20 4 -4.25 0 -0 -0.0 0.1 0.2 0.3 51 100000 0.05 999999999999999 9999999999999999'),
  ...ofWords('1000000000000000 1000000000000001 -999999999999999 0.000000000000001 0.0000000000000001'),
  ...ofWords(
    '0.10000000000000 123456789.123456 12345678901.12345 0.30000000000000004 1.005 9007199254740993',
  ),
  ...ofWords('3e2 3E+2 42e-1 1e-15 1e-16 1e15 1e16 1e999 -1e999 0e5'),
  // More decimals than are kept.
  ...ofWords(
    '0.1234567890123456 0.0000000000000005 0.0000000000000015 12.3456789012345678 21.499999999999996 1e-20',
  ),
  // By these a sensor says that it is broken, and some are only near them.
  ...ofWords(
    '-127 -127.0 -127.004 -127.0051 -126.99 127 -196.6 3276.7 327.67 32767 -32768 -3276.8 -327.68 65535',
  ),
  ...ofWords('6553.5 655.35 655.3549 655.36 65534 85'),
  // Not JSON.
  ...ofWords('01 -01 00 1. .5 +1 - --1 1.2.3 0x10 1_000 NaN nan Infinity -Infinity 1e 4.2f'),
];

export const texts: readonly string[] = [
  ...ofTexts(
    'seattle',
    'portland',
    '',
    'closed',
    'a b',
    '\\u0061',
    'q\\"q',
    '\\\\',
    '\\ud800',
    'ü',
    '日本',
    '\u007f',
  ),
  ...ofTexts('a\tb', '\u0000', 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(128), 'x'.repeat(129)),
  // Numbers, switches and no values as text.
  ...ofTexts(
    '21.5',
    '-4',
    ' 4.2 ',
    '1e3',
    '007',
    '1,5',
    '21.5 °C',
    '51%',
    '3.3V',
    'ON',
    'off',
    'true',
    'nan',
  ),
  ...ofTexts('unavailable', '-127', '0.1234567890123456', '1e999', 'AA:BB:CC:DD:EE:FF'),
  '"open',
];

export const others: readonly string[] = [
  ...[
    'true',
    'false',
    'null',
    'tru',
    'nulll',
    'True',
    '',
    'undefined',
    '[]',
    '{}',
    '[1,2]',
    '[{"temperature":1}]',
  ],
  ...['{"a":{"b":[1]}}', '{"value":4.2,"unit":"C"}', '{"deep":{"er":"7","ts":1790000001},"-127":-127}'],
];

export const START = 1_790_000_000_000;
export const times: readonly string[] = [
  ...[0, 1, 999, 1000, 5000, 9999, 10_000, 10_001, 25_000, -1, -3_600_000, -3_600_001].map((ms) =>
    String(START + ms),
  ),
  ...ofWords('1790000000 1790000003 1790000000.5 1790000000000.0 1790000000000.5 1.79e12 1790000300000'),
  ...ofWords('1790000001000000 1790000001000000000 999999999 1000000000 100000000000000000000'),
  ...ofWords('0 -5 5 99999999999 100000000000 100000000000000 1790000000000000 00 null [] {}'),
  ...ofTexts(
    '2026-09-21T14:13:20Z',
    '2026-09-21 14:13:21',
    '2026-09-21T16:13:21.5+0200',
    '1790000001',
    'soon',
  ),
  ...ofTexts('Mon, 21 Sep 2026 14:13:21 GMT', '1790000001000', '11/29/2026'),
];

/** Words of the names under which devices give a time. */
export const timeWords: readonly string[] = [
  ...ofWords(
    'timestamp ts time date-time dt tst observed-at measured-at event-time phenomenon-time time-instant',
  ),
  ...ofWords(
    'utc unix-time epoch epoch-time last-seen send-timestamp gateway-time gwts updated-at created date t',
  ),
];

export const names: readonly string[] = [
  ...ofWords(
    'temperature humidity door id timestamp deviceId site receivedAt clientId traceId readings rawPayload',
  ),
  ...['__proto__', 'constructor', 'toString', 'bad name', '1', '', 'temp\\u0065rature', 'ü', 'a.b'],
  ...[
    'x'.repeat(64),
    'x'.repeat(65),
    'Temp °C',
    'PM2.5',
    'switch:0',
    'temp-c',
    '_a',
    'a_',
    'température',
    '日本',
  ],
  // Times.
  ...ofWords('t ts Time TimeStamp tst date-time Last_Seen UTC received_at'),
  // Levels of the topic.
  ...ofWords('topicLevel4 topicLevel5 topicLevel8 level9 exactPayload'),
  // Where sentinels are skipped, or nearly.
  ...ofWords('temp_c tC rh dew_point battery'),
  // By which formats know a payload, or which they leave out.
  ...ofWords('linkquality elapsed device update rssi mac_type dataFormat idx nvalue model'),
];
