// Runs the commands of README and docs as printed, in a separate checkout and with other ports.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isDuckDbInstalled } from '../../commands/query/duckdb.ts';
import { isInstalled, testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { makeCheckout } from './checkout.ts';
import { commandBlocks, isLeftOut, plainBlocks, wrongReasons, type Block } from './document-blocks.ts';
import { root, startTidegate, type Tidegate } from './tidegate.ts';

const PROGRAMS = ['mosquitto_pub', 'aws', 'curl', 'openssl', 'jq'];

/** The steps of a page before a block: files to write, or commands of another section. */
const [loraPayload, loraExpression] = plainBlocks('docs/mappings.md');
const save = (file: string, text: string) => `cat > ${file} <<'END_OF_FILE'\n${text}END_OF_FILE`;
/** A message that arrived two hours ago, and is parsed. */
const PARSED = `node -e 'const receivedAt = Date.now() - 7200000;
const folder = ".tidegate/s3/tidegate-rawbucket/raw/" + new Date(receivedAt).toISOString().slice(0, 13).replaceAll(/[-T]/g, "/");
const [deviceId, site, traceId, temperature] = ["store-sensor-seattle1", "seattle", "t", 4.2];
fs.mkdirSync(folder, { recursive: true });
fs.writeFileSync(folder + "/a.ndjson", JSON.stringify({ deviceId, site, receivedAt, traceId, temperature }));'
echo '{}' | npm run invoke -- ParseBatchFunction -`;

const [, proverPolicy = ''] = /```json\n([^]*?)```/.exec(
  readFileSync(path.join(root, 'packages/local-cloud/docs/prover.md'), 'utf8'),
)!;
const BEFORE: Readonly<Record<string, string>> = {
  'docs/devices.md payload.json': `echo '{"temperature": 4.2}' > payload.json`,
  'docs/mappings.md': `${save('payload.json', loraPayload!.text)}\n${save('lora.jsonata', loraExpression!.text)}`,
  'docs/devices.md own-telemetry': `npm run device -- create zigbee-gw --out certs/ --local
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1 AWS_ENDPOINT_URL=http://127.0.0.1:4566`,
  'docs/audit.md rebuild': PARSED,
  'docs/parsed.md query': PARSED,
  'packages/local-cloud/docs/identity.md':
    'export PATH="$PWD/node_modules/.bin:$PATH"; ln -sfn .tidegate .local-cloud',
  'packages/local-cloud/docs/prover.md': `export PATH="$PWD/node_modules/.bin:$PATH"\n${save('device.json', proverPolicy)}`,
  'packages/local-cloud/docs/rules.md': `export PATH="$PWD/node_modules/.bin:$PATH"; echo '{"temperature": 4.2}' > message.json`,
  'packages/local-cloud/docs/mqtt.md':
    'npm run device -- create s1 --out certs/ --local || npm run device -- rotate s1 --out certs/ --local',
};

const all = commandBlocks();

const checkout = path.join(temporaryFolder(), 'tidegate');
let tidegate: Tidegate;
/** What a reader's shell keeps from one block of a document to the next. */
const exported = new Map<string, string>();

beforeAll(async () => {
  makeCheckout(checkout);
  tidegate = await startTidegate(path.join(checkout, '.tidegate'), []);
});

afterAll(async () => {
  await tidegate.stop();
});

/** The ports that the stack of this test has, instead of the usual ones. */
function withPorts(text: string): string {
  const { mqtt, aws, web } = tidegate.endpoints;
  const port = (url: string) => new URL(url).port;
  return text
    .replaceAll('-p 8883', `-p ${port(mqtt)}`)
    .replaceAll('localhost:8883', `localhost:${port(mqtt)}`)
    .replaceAll('127.0.0.1:4566', `127.0.0.1:${port(aws)}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port(web)}`);
}

function prepared({ document, text }: Block): string {
  const own = Object.keys(BEFORE).filter((key) => {
    const [page, part] = key.split(' ');
    return page === document && (part === undefined || text.includes(part));
  });
  return own.map((key) => withPorts(BEFORE[key]!)).join('\n');
}

for (const block of all.filter((each) => !isLeftOut(each))) {
  const { document, line, text } = block;
  const missing = PROGRAMS.filter((program) =>
    new RegExp(`^ *(?:arn=\\$\\()?${program} `, 'm').test(text),
  ).find((program) => !isInstalled(program));
  const lacksDuckDb = /\bnpm run query\b/.test(text) && !isDuckDbInstalled();
  testIf(
    missing === undefined && !lacksDuckDb,
    `${missing ?? 'DuckDB, by npm ci --prefix commands/query,'} is not installed`,
  )(`${document} line ${line} works as printed`, () => {
    const before = exported.get(document) ?? '';
    // Node's own pipe is a socket, which a program cannot open as /dev/stdout.
    const script = `set -o pipefail\n{\n${before}\nset -ex\n${prepared(block)}\n${withPorts(text)}\n} 2>&1 | cat`;
    const { status, stdout } = spawnSync('bash', ['-c', script], {
      cwd: checkout,
      encoding: 'utf8',
      env: { ...process.env, AWS_PAGER: '' },
      timeout: 60_000,
    });
    assert.equal(status, 0, stdout);
    // curl ends well, whatever the API answers; the page says where a refusal is meant.
    const refusals = [...stdout.matchAll(/"status": ?([45]\d\d)/g)].map(([, refusal]) => refusal!);
    assert.deepEqual(
      refusals.filter((refusal) => !text.includes(`# ${refusal}`)),
      [],
      stdout,
    );
    const kept = withPorts(text)
      .split('\n')
      .filter((each) => each.startsWith('export '));
    exported.set(document, [before, ...kept].join('\n'));
  });
}

/** A command that is not run as it is printed at least takes its options: `--help` after them does nothing else. */
const untried = all
  .filter(isLeftOut)
  .flatMap(({ document, line, text }) =>
    [
      ...text
        .replaceAll(/\\\n/g, '')
        .matchAll(/(?:^|&& |^SMTP_URL='.*' )(npm (?:start|run (?!build|deploy)\w+)(?: -- [^#\n]*)?)/gm),
    ].map(([, command]) => ({ document, line, command: command!.trim() })),
  );
for (const { document, line, command } of untried) {
  test(`${document} line ${line}: the options of ${command} exist`, () => {
    const asking = command.includes(' -- ') ? `${command} --help` : `${command} -- --help`;
    const script = asking.replaceAll(/<(\w+)>/g, '$1');
    const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: checkout, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^usage: /m);
  });
}

test('commands that tests cannot run have a reason', () => {
  assert.deepEqual(wrongReasons(all), []);
});
