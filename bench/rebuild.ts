// Measures how fast windows are rebuilt from the archive, compared with ingest: `node bench/rebuild.ts [--readings 1000000]`.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeInput } from './fold-input.ts';

const { values } = parseArgs({
  options: {
    readings: { type: 'string', default: '1000000' },
    devices: { type: 'string', default: '100' },
    /** Fewer readings for ingest, which is much slower. */
    ingested: { type: 'string', default: '50000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('usage: node bench/rebuild.ts [--readings N] [--devices N] [--ingested N]');
  process.exit();
}

interface Measured {
  readonly processorSeconds: number;
  readonly seconds: number;
  readonly peakMebibytes: number;
}

/** Empty tables that accept everything at once, so that only the rebuild takes time. */
const SINK = `
const OWN = '{"Item":{"windowSeconds":{"N":"10"}}}';
const answers = {
  DescribeTable: () => '{"Table":{"TableStatus":"ACTIVE"}}', GetItem: (body) => body.includes('-shared-') ? '{}' : OWN,
  BatchGetItem: () => '{"Responses":{},"UnprocessedKeys":{}}', BatchWriteItem: () => '{"UnprocessedItems":{}}',
};
require('node:http').createServer(async (request, answer) => {
  const operation = request.headers['x-amz-target'].split('.')[1];
  let body = '';
  for await (const chunk of request) body += operation === 'GetItem' ? chunk : '';
  answer.setHeader('content-type', 'application/x-amz-json-1.0').end(answers[operation]?.(body) ?? '{}');
}).listen(0, '127.0.0.1', function () { console.log('http://127.0.0.1:' + this.address().port); });`;
/** The DynamoDB of the local cloud, in memory. */
const DYNALITE = `
const server = require('dynalite')({ createTableMs: 0 });
server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));`;

async function withServer(program: string, work: (endpoint: string) => void): Promise<void> {
  const server = spawn(process.execPath, ['-e', program], {
    cwd: path.join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    work(line.toString().trim());
  } finally {
    server.kill();
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'tidegate-rebuild-'));
const canPin = spawnSync('taskset', ['-V']).status === 0;

function measure(
  part: 'rebuild' | 'shared' | 'ingest',
  endpoint: string,
  readings: number,
  devices = Number(values.devices),
) {
  const file = path.join(folder, 'raw.ndjson');
  writeInput({ file, devices, readings });
  const contestant = path.join(import.meta.dirname, 'rebuild-contestant.ts');
  const program = [process.execPath, contestant, part, endpoint, `t${devices}-${readings}-${part}`, file];
  const [command, ...args] = canPin ? ['taskset', '-c', '0', ...program] : program;
  const found = execFileSync(command!, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(found) as Measured;
}

function say(name: string, readings: number, { processorSeconds, seconds, peakMebibytes }: Measured): number {
  const aMinute = (readings / processorSeconds) * 60;
  const columns = [
    name.padEnd(52),
    `${(aMinute / 1e6).toFixed(2)} million readings a minute of processor time`,
    `${processorSeconds.toFixed(1)} s (${seconds.toFixed(1)} s by the clock)`,
    `${peakMebibytes.toFixed(0)} MiB`,
  ];
  console.log(columns.join('  '));
  return aMinute;
}

const readings = Number(values.readings);
const ingested = Number(values.ingested);
try {
  await withServer(SINK, (endpoint) => {
    for (const count of [readings / 4, readings, readings * 2])
      say(`${count} readings, 10 a window`, count, measure('rebuild', endpoint, count));
    say(
      `${readings} readings, into a table that others write`,
      readings,
      measure('shared', endpoint, readings),
    );
    // Each device sends once in these lines, so each reading has its own window.
    say(`${readings} readings, 1 a window`, readings, measure('rebuild', endpoint, readings, readings));
  });
  await withServer(DYNALITE, (endpoint) => {
    const OWN = say(`${ingested} readings into dynalite`, ingested, measure('rebuild', endpoint, ingested));
    const peer = say(
      `${ingested} readings by ingest's batches of 1000`,
      ingested,
      measure('ingest', endpoint, ingested),
    );
    console.log(`a rebuild takes 1/${(OWN / peer).toFixed(1)} of the processor time that ingest's way takes`);
  });
} finally {
  rmSync(folder, { recursive: true });
}
