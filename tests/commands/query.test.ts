// `npm run query` at the terminal: its output, its refusals, and its messages about missing or damaged files.

import { beforeAll, describe, jest, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { ByteWriter, parquetWrite } from 'hyparquet-writer';
import { createParquetFile } from '../../adapters/parquet-file.ts';
import { hourFile, partitionOf } from '../../core/archive/parsed-rows.ts';
import { damaged, notParsedYet } from '../../commands/query/archive-faults.ts';
import { importDuckDb, isDuckDbInstalled, type DuckDb } from '../../commands/query/duckdb.ts';
import { formOf } from '../../commands/query/print-rows.ts';
import { progressText } from '../../commands/query/progress-bar.ts';
import { runQuery, type Query } from '../../commands/query/run-query.ts';
import { testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PROGRAM = path.join(ROOT, 'commands/query.ts');
const HAS_DUCKDB = isDuckDbInstalled();
const testQuery = testIf(HAS_DUCKDB, 'DuckDB is not installed: npm ci --prefix commands/query');
const AT = Date.parse('2026-09-21T05:00:00Z');
const HOUR_FILE = 'readings/site=seattle/date=2026-09-21/hour-2026-09-21T05.parquet';

let bucket: string;

beforeAll(() => {
  bucket = newBucket();
});

/** A bucket with an hour of two values. */
function newBucket(site = 'seattle'): string {
  const folder = temporaryFolder();
  const place = path.join(folder, hourFile(partitionOf(site, '2026-09-21'), AT));
  mkdirSync(path.dirname(place), { recursive: true });
  const file = createParquetFile(place);
  const block = {
    ...{ site, device: 'fridge-1', metric: 'temperature' },
    timestamps: Float64Array.of(AT, AT + 1000),
    values: Float64Array.of(4.5, 5),
    receivedAt: Float64Array.of(AT + 40, AT + 1040),
    hours: Float64Array.of(AT, AT),
    ...{ units: ['°C', undefined], exact: [undefined, undefined], messageIds: ['a', undefined] },
  };
  file.add({ block, from: 0, to: 2 });
  file.finish([AT]);
  return folder;
}

function query(
  args: readonly string[],
  { input = '', cwd = temporaryFolder(), program = PROGRAM, env = {} } = {},
) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    ...{ input, cwd, encoding: 'utf8', timeout: 60_000 },
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

/** Of the bucket. */
const ask = (sql: string, ...more: string[]) => query([sql, '--path', bucket, ...more]);
const done = (stdout: string) => ({ status: 0, stdout, stderr: '' });

describe('it prints', () => {
  testQuery('a table with the number of rows', () => {
    assert.deepEqual(
      ask('SELECT device, "timestamp", value, unit FROM readings ORDER BY "timestamp"'),
      done(
        'device    timestamp            value  unit\n' +
          'fridge-1  2026-09-21 05:00:00  4.5    °C\n' +
          'fridge-1  2026-09-21 05:00:01  5\n' +
          '2 rows\n',
      ),
    );
    assert.deepEqual(ask('SELECT 1 AS one'), done('one\n1\n1 row\n'));
  });

  testQuery('a table of more rows than it measures', () => {
    const { stdout } = ask('SELECT i, CAST(i AS VARCHAR) AS t FROM range(5000) AS r(i)');
    assert.deepEqual(stdout.split('\n').slice(-3), ['4999  4999', '5000 rows', '']);
  });

  testQuery('CSV by RFC 4180, of which null and an empty text differ', () => {
    const sql = `SELECT 'a,"b"' AS "x,y", NULL AS n, '' AS e, 1.50 AS d, TIMESTAMP '2026-09-21 05:00:00.120' AS t, [1, 2] AS l`;
    assert.deepEqual(
      ask(sql, '--format', 'csv'),
      done('"x,y",n,e,d,t,l\n"a,""b""",,"",1.5,2026-09-21 05:00:00.12,"[1,2]"\n'),
    );
    assert.deepEqual(ask('SELECT 1 AS a WHERE false', '--format', 'csv'), done('a\n'));
  });

  testQuery('JSON in which no number loses a digit', () => {
    const sql = `SELECT 12345678901234567890123456789012345678::HUGEINT AS huge, 9007199254740993 AS big,
      1234567890123456789012.123456789012345::DECIMAL(38, 15) AS exact, 0.1::DOUBLE AS tenth, 'NaN'::DOUBLE AS nan,
      NULL AS none, 1 AS twice, 2 AS twice`;
    assert.deepEqual(
      ask(sql, '--format', 'json'),
      done(
        '[{"huge": 12345678901234567890123456789012345678, "big": 9007199254740993, "exact": 1234567890123456789012.123456789012345, ' +
          '"tenth": 0.1, "nan": "NaN", "none": null, "twice": 1, "twice_2": 2}\n]\n',
      ),
    );
    assert.deepEqual(ask('SELECT 1 AS a WHERE false', '--format', 'json'), done('[]\n'));
  });

  testQuery('a plan as it is drawn', () => {
    assert.match(ask('EXPLAIN SELECT count(*) FROM readings').stdout, /^┌─+┐\n/);
  });

  test('a table that fits the terminal, or blocks of lines if its columns would be too narrow', () => {
    const types = ['VARCHAR', 'DECIMAL(38,15)'];
    const rows = [['a'.repeat(30), '1.500000000000000']];
    const lines = (width: number) => {
      const form = formOf('table', { names: ['device', 'value'], types }, width);
      return [...form.lines(rows), ...form.end(1)];
    };
    assert.deepEqual(lines(30), ['device                   value', `${'a'.repeat(21)}..  1.5`, '1 row']);
    assert.deepEqual(lines(20), ['row 1', `  device  ${'a'.repeat(30)}`, '  value   1.5', '1 row']);
    assert.deepEqual(lines(Infinity), [`device${' '.repeat(26)}value`, `${'a'.repeat(30)}  1.5`, '1 row']);
  });

  test('a progress bar of the query', () => {
    assert.equal(progressText(50), `[${'#'.repeat(15)}${' '.repeat(15)}]  50 %`);
    assert.equal(progressText(-1), `[${' '.repeat(30)}]   0 %`);
    assert.equal(progressText(100), `[${'#'.repeat(30)}] 100 %`);
  });
});

describe('SQL comes', () => {
  testQuery('from a file, from standard input, and from a saved query', () => {
    const file = path.join(temporaryFolder(), 'query.sql');
    writeFileSync(file, '-- a query\nSELECT 7 AS x;\n');
    const seven = done('x\n7\n1 row\n');
    assert.deepEqual(query(['--file', file]), seven);
    assert.deepEqual(query(['--file', '-'], { input: 'SELECT 7 AS x' }), seven);
    assert.deepEqual(query([], { input: 'SELECT 7 AS x' }), seven);
    const saved = query(['--saved', 'daily-extremes', '--path', bucket, '--format', 'csv']);
    assert.deepEqual(saved, done('date,site,device,metric,lowest,highest,mean,values\n'));
  });

  test('from one place only', () => {
    const file = path.join(temporaryFolder(), 'none.sql');
    const cases: [string[], RegExp][] = [
      [['SELECT 1', '--file', file], /^give the SQL or --file, not both\n$/],
      [['SELECT', '1'], /^put the SQL in quotes, as one argument: "SELECT 1"\n$/],
      [['--file', file], /^--file .*none\.sql: ENOENT/],
      [['-- nothing'], /'-- nothing' is ambiguous|Unknown option|^there is no SQL to run; usage: /],
      [[], /^there is no SQL to run; usage: /],
      [['--saved', 'nothing'], /^there is no saved query nothing; there are last-day, daily-extremes, /],
      [['--saved', 'last-day'], /^say which device: --saved last-day --device NAME\n$/],
      [
        ['--site', 'a', 'SELECT 1'],
        /^--site, --device and --metric are for saved queries; in SQL, write WHERE /,
      ],
      [['--format', 'xml', 'SELECT 1'], /^--format xml: must be table, csv, json\n$/],
      [
        ['--path', '/nowhere', 'SELECT * FROM windows', '--window-seconds', 'x'],
        /^--window-seconds x: must be a/,
      ],
      [['--alerts-from', 'soon', 'SELECT 1'], /^--alerts-from soon: /],
    ];
    for (const [args, said] of cases) {
      const { status, stdout, stderr } = query(args);
      assert.deepEqual([status, stdout], [2, ''], args.join(' '));
      assert.match(stderr, said);
    }
  });

  test('is listed with its options', () => {
    const { status, stdout } = query(['--saved']);
    assert.equal(status, 0);
    assert.match(stdout, /^name +options +description\nlast-day +--site --device +Every value of one device/);
    const listed = JSON.parse(query(['--saved', '--format', 'json']).stdout) as { sql: string }[];
    assert.match(listed[0]!.sql, /^SELECT "timestamp", metric, value, unit\nFROM readings/);
  });
});

describe('it refuses', () => {
  testQuery('SQL that is wrong, with its line and a caret', () => {
    const { status, stdout, stderr } = ask('SELECT\n  device,\n  colour\nFROM readings');
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^Binder Error: Referenced column "colour" not found/);
    assert.match(stderr, /\nLINE 3: {3}colour\n {10}\^\n$/);
    assert.match(ask('SELEC 1').stderr, /^Parser Error: syntax error at or near "SELEC"/);
    assert.match(
      ask('SELECT * FROM reedings').stderr,
      /^Catalog Error: Table with name reedings does not exist/,
    );
  });

  testQuery('statements that are not read-only', () => {
    const file = path.join(temporaryFolder(), 'x.csv');
    const statements = [
      `COPY (SELECT 1) TO '${file}'`,
      `EXPLAIN ANALYZE COPY (SELECT 1) TO '${file}'`,
      `; EXPLAIN ANALYZE COPY (SELECT 1) TO '${file}'`,
      `/* a */ explain (analyze) COPY (SELECT 1) TO '${file}'`,
      `ATTACH '${file}' AS other`,
      'INSTALL httpfs',
      'SET threads = 1',
      'CREATE TABLE t AS SELECT 1',
    ];
    for (const sql of statements) {
      const { status, stderr } = ask(sql);
      assert.equal(status, 2, sql);
      assert.match(stderr, /^this command only reads: it runs SELECT and EXPLAIN, not /, sql);
    }
    assert.throws(() => readFileSync(file), { code: 'ENOENT' });
  });

  testQuery('refuses placeholders, several statements, and extensions', () => {
    assert.match(ask('SELECT ?').stderr, /^the SQL has a placeholder/);
    assert.match(ask('SELECT 1; SELECT 2').stderr, /^run one statement at a time, not 2/);
    const remote = ask(`SELECT * FROM 'https://127.0.0.1/a.parquet'`);
    assert.match(
      remote.stderr,
      /requires the extension httpfs to be loaded: this command does not load extensions\n$/,
    );
  });
});

describe('where the archive', () => {
  testQuery('is not needed, it may be missing', () => {
    assert.deepEqual(query(['SELECT 1 AS one']), done('one\n1\n1 row\n'));
  });

  testQuery('is missing, it prints the remedy', () => {
    const { status, stderr } = query(['SELECT * FROM readings']);
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^Tidegate is not running in \.tidegate: run npm start first, or name its folder with --data-dir; for a copy/,
    );
    assert.match(
      query(['SELECT * FROM readings', '--path', temporaryFolder()]).stderr,
      /has no files below readings\//,
    );
    assert.match(
      query(['SELECT * FROM readings', '--path', '/nowhere']).stderr,
      /^--path \/nowhere: there is no such/,
    );
    assert.match(query(['SELECT * FROM alerts']).stderr, /^Tidegate is not running in \.tidegate/);
  });

  test('is empty, it says when the first hour is parsed, and how to parse it now', () => {
    const dataDir = temporaryFolder();
    const place = { bucket: `${dataDir}/s3/parsed`, local: { dataDir, rawBucket: `${dataDir}/s3/raw` } };
    assert.match(
      notParsedYet(place, AT),
      /^nothing is archived in .* yet: messages are archived 5 minutes after/,
    );
    mkdirSync(`${dataDir}/s3/raw/raw/2026/09/21/05`, { recursive: true });
    mkdirSync(`${dataDir}/s3/raw/raw/2026/10/01/01`, { recursive: true });
    const begun = `nothing is parsed in ${place.bucket} yet: the first hour, 2026-09-21T05, `;
    assert.equal(
      notParsedYet(place, AT),
      `${begun}is parsed within an hour after 06:10 UTC. Parse now:\n` +
        `  echo '{"from":"2026-09-21T05:00:00Z","to":"now"}' | npm run invoke -- ParseBatchFunction - --data-dir ${dataDir}`,
    );
    assert.equal(
      notParsedYet(place, AT + 5_400_000),
      `${begun}is parsed within an hour after 06:10 UTC. Parse now:\n` +
        `  echo '{}' | npm run invoke -- ParseBatchFunction - --data-dir ${dataDir}`,
    );
  });

  testQuery('has a site whose name is too long for a folder, it is queried by its name', () => {
    const site = `Süd ${'x'.repeat(200)}`;
    const sql = `SELECT DISTINCT site FROM readings WHERE site = '${site}'`;
    assert.deepEqual(query([sql, '--path', newBucket(site), '--format', 'csv']), done(`site\n${site}\n`));
  });

  testQuery('has a file of an older version, its missing columns are null and the file is named', () => {
    const folder = newBucket();
    const older = path.join(folder, 'readings/site=boise/date=2026-09-20/day.parquet');
    mkdirSync(path.dirname(older), { recursive: true });
    const writer = new ByteWriter();
    void parquetWrite({
      writer,
      columnData: [
        { name: 'device', data: ['old-1'], type: 'STRING' },
        { name: 'metric', data: ['temperature'], type: 'STRING' },
        { name: 'timestamp', data: [new Date(AT)], type: 'TIMESTAMP' },
        { name: 'value', data: [3], type: 'INT32' },
      ],
    });
    writeFileSync(older, writer.getBytes());
    const { status, stdout, stderr } = query([
      ...['SELECT device, value, unit, message_id FROM readings ORDER BY device', '--path', folder],
      ...['--format', 'csv'],
    ]);
    assert.equal(status, 0, stderr);
    assert.equal(stdout, 'device,value,unit,message_id\nfridge-1,4.5,°C,a\nfridge-1,5,,\nold-1,3,,\n');
    assert.equal(
      stderr,
      `value_exact, unit, received_at, message_id, arrival_hour read as null in ${older}, written by an older version\n`,
    );
  });

  testQuery('has a foreign file, the query fails and names it', () => {
    const folder = newBucket();
    const writer = new ByteWriter();
    void parquetWrite({ writer, columnData: [{ name: 'device', data: ['x'], type: 'STRING' }] });
    const foreign = path.join(folder, path.dirname(HOUR_FILE), 'other.parquet');
    writeFileSync(foreign, writer.getBytes());
    const { status, stderr } = query(['SELECT * FROM readings', '--path', folder]);
    assert.equal(status, 2);
    assert.equal(
      stderr,
      `${foreign} has no metric, timestamp, value, so it does not belong to the parsed archive: move it out of the folder readings/\n`,
    );
  });

  testQuery('has a damaged file, the query fails and names it', () => {
    const folder = newBucket();
    const file = path.join(folder, HOUR_FILE);
    const bytes = readFileSync(file);
    truncateSync(file, bytes.length - 9);
    const cut = query(['SELECT * FROM readings', '--path', folder]);
    assert.equal(cut.status, 2);
    assert.match(cut.stderr, new RegExp(`^${file} is damaged: .*\nCopy the object from the bucket again`));
    bytes.fill(0x58, 6, 60);
    writeFileSync(file, bytes);
    const other = query(['SELECT * FROM readings', '--path', folder]);
    assert.equal(other.status, 2, other.stdout);
    assert.match(other.stderr, new RegExp(`^${file} is damaged: `));
  });

  test('has a damaged file of the local cloud, it says how to parse its hours again', () => {
    const dataDir = temporaryFolder();
    const folder = `${dataDir}/s3/parsed`;
    const partition = path.dirname(HOUR_FILE);
    mkdirSync(`${folder}/hours/2026/09/21`, { recursive: true });
    for (const [hour, files] of [
      ['05', [HOUR_FILE]],
      ['07', [`${partition}/hour-2026-09-21T07.parquet`]],
      ['06', ['readings/site=boise/date=2026-09-21/hour-2026-09-21T06.parquet']],
    ] as const)
      writeFileSync(
        `${folder}/hours/2026/09/21/${hour}.json`,
        JSON.stringify({ hour: `2026-09-21T${hour}`, files }),
      );
    const file = { path: `${folder}/${partition}/day.parquet`, partition, size: 1, changedMs: 1 };
    const place = { bucket: folder, local: { dataDir, rawBucket: '' } };
    assert.equal(
      damaged(file, 'No magic bytes', place),
      [
        `${file.path} is damaged: No magic bytes`,
        'Delete it together with the manifests of its hours, and parse these hours again:',
        `  rm ${file.path} ${folder}/hours/2026/09/21/05.json ${folder}/hours/2026/09/21/07.json`,
        `  echo '{"from":"2026-09-21T05:00:00Z","to":"2026-09-21T08:00:00Z"}' | npm run invoke -- ParseBatchFunction - --data-dir ${dataDir}`,
      ].join('\n'),
    );
  });

  testQuery('changes while it is read, the query runs again', async () => {
    const folder = newBucket();
    const day = path.join(folder, path.dirname(HOUR_FILE), 'day.parquet');
    const written: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    let calls = 0;
    const query: Query = {
      ...{ sql: 'SELECT count(*) AS n FROM readings, alerts', format: 'csv', windowSeconds: 10 },
      place: () => ({ bucket: folder }),
      async loadAlerts(connection) {
        calls += 1;
        await connection.run('CREATE TABLE alerts AS SELECT 1 AS a');
        if (calls > 1) return;
        // As a merge does.
        cpSync(path.join(folder, HOUR_FILE), day);
        rmSync(path.join(folder, HOUR_FILE));
      },
    };
    const duckDb: DuckDb = await importDuckDb();
    try {
      await runQuery(duckDb, query);
    } finally {
      write.mockRestore();
    }
    assert.deepEqual([written.join(''), calls], ['n\n2\n', 2]);
  });
});

testQuery('an answer that fails in the middle prints no part of it', () => {
  const sql = `SELECT CASE WHEN i = 400000 THEN error('no more') ELSE i END FROM range(500000) AS r(i)`;
  const { status, stdout, stderr } = query([sql, '--format', 'csv']);
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /^Invalid Input Error: no more\n/);
});

/** Of a process on Linux. */
function processorSeconds({ pid }: ChildProcess): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return (user! + system!) / 100;
}

async function codeAfterInterrupt(sql: string, isBegun: (child: ChildProcess) => Promise<unknown>) {
  const child = spawn(process.execPath, [PROGRAM, sql, '--format', 'csv'], {
    ...{ cwd: temporaryFolder(), stdio: ['ignore', 'pipe', 'inherit'] },
  });
  await isBegun(child);
  child.stdout.resume();
  child.kill('SIGINT');
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

testIf(HAS_DUCKDB && existsSync('/proc/self/stat'), 'needs DuckDB and Linux')(
  'Ctrl-C ends a query at once, with 130',
  async () => {
    const endless =
      'SELECT count(*) FROM range(1000000) AS a(i), range(1000000) AS b(j) WHERE i % 7 = j % 11';
    const atWork = async (child: ChildProcess) =>
      eventually('DuckDB at work', () => processorSeconds(child) > 1);
    assert.equal(await codeAfterInterrupt(endless, atWork), 130);
  },
);

testQuery('Ctrl-C ends the printing of an answer, with 130', async () => {
  const printing = async (child: ChildProcess) => once(child.stdout!, 'data');
  assert.equal(await codeAfterInterrupt('SELECT * FROM range(3000000) AS r(i)', printing), 130);
});

test('if DuckDB cannot be installed, it prints the command that does it', () => {
  const checkout = temporaryFolder();
  for (const folder of ['commands', 'core'])
    cpSync(path.join(ROOT, folder), path.join(checkout, folder), {
      recursive: true,
      filter: (file) => !file.includes('node_modules'),
    });
  writeFileSync(path.join(checkout, 'package.json'), '{"type": "module"}');
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(checkout, 'node_modules'));
  const offline = {
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_cache: path.join(checkout, 'cache'),
    npm_config_fetch_retries: '0',
  };
  const program = path.join(checkout, 'commands/query.ts');
  const { status, stdout, stderr } = query(['SELECT 1'], { program, env: offline });
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(
    stderr,
    /^installing DuckDB \(once, 70 MB\) into commands\/query\/node_modules\nDuckDB could not be installed\. Run "npm ci --prefix commands\/query" where the npm registry can be reached/,
  );
  assert.match(stderr, /ECONNREFUSED/);
});
