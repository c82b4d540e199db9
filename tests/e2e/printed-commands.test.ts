// Commands of README and docs, run as they are printed: a checkout of its own, other ports, nothing else is changed.
import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isInstalled, testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { makeCheckout } from './checkout.ts';
import { root, startTidegate, type Tidegate } from './tidegate.ts';

const DOCUMENTS = ['README.md', 'docs/api.md', 'docs/certificates.md', 'docs/local-cloud.md'];
const COMMAND = /^(?:npm|npx|node|mosquitto_pub|aws|curl|export|openssl|eval|sam) /;
const PROGRAMS = ['mosquitto_pub', 'aws', 'curl', 'openssl'];

/** What needs an account, or names of one, begins like this. */
const LEFT_OUT: readonly (readonly [document: string, start: string])[] = [
  ['README.md', 'npm ci && npm start'],
  ['docs/api.md', 'eval "$(aws configure'],
  ['docs/certificates.md', 'npm run device -- create store-sensor-seattle1'],
  ['docs/certificates.md', 'sam deploy'],
  ['docs/certificates.md', 'npm run device -- allow serials.txt --table'],
  ['docs/certificates.md', 'aws dynamodb get-item --table-name <'],
  ['docs/certificates.md', 'npm run device -- rotate'],
  ['docs/certificates.md', 'npm run device -- revoke'],
  ['docs/local-cloud.md', 'export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=local'],
];

interface Block {
  readonly document: string;
  readonly line: number;
  readonly text: string;
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(path.join(root, document), 'utf8');
  return [...text.matchAll(/^```\n([^]*?)^```/gm)]
    .map((match) => ({ document, line: text.slice(0, match.index).split('\n').length + 1, text: match[1]! }))
    .filter((block) => COMMAND.test(block.text));
}

const all = DOCUMENTS.flatMap(blocksOf);
const isLeftOut = ({ document, text }: Block) =>
  LEFT_OUT.some(([other, start]) => other === document && text.startsWith(start));

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
    .replaceAll('127.0.0.1:4566', `127.0.0.1:${port(aws)}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port(web)}`);
}

for (const block of all.filter((each) => !isLeftOut(each))) {
  const { document, line, text } = block;
  const missing = PROGRAMS.filter((program) =>
    new RegExp(`^ *(?:arn=\\$\\()?${program} `, 'm').test(text),
  ).find((program) => !isInstalled(program));
  testIf(missing === undefined, `${missing} is not installed`)(
    `${document} line ${line} works as printed`,
    () => {
      const before = exported.get(document) ?? '';
      // Node's own pipe is a socket, which a program cannot open as /dev/stdout.
      const script = `set -o pipefail\n{\n${before}\nset -ex\n${withPorts(text)}\n} 2>&1 | cat`;
      const { status, stdout } = spawnSync('bash', ['-c', script], {
        cwd: checkout,
        encoding: 'utf8',
        env: { ...process.env, AWS_PAGER: '' },
        timeout: 60_000,
      });
      assert.equal(status, 0, stdout);
      // curl ends well, whatever the API answers.
      assert.doesNotMatch(stdout, /"status": ?[45]\d\d/);
      const kept = withPorts(text)
        .split('\n')
        .filter((each) => each.startsWith('export '));
      exported.set(document, [before, ...kept].join('\n'));
    },
  );
}

test('what is left out is still there, and most commands are run', () => {
  for (const [document, start] of LEFT_OUT)
    assert.ok(
      all.some((block) => block.document === document && block.text.startsWith(start)),
      start,
    );
  assert.ok(all.filter((block) => !isLeftOut(block)).length >= 9, String(all.length));
});
