// The blocks of commands in README and docs, and those that tests cannot run as printed, with the reason.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './tidegate.ts';

export interface Block {
  readonly document: string;
  readonly line: number;
  readonly text: string;
}

/** What a reason must show in the block, so that none is given by mistake. */
const SIGNS = {
  'needs an AWS account':
    /<[A-Z]\w+>|<mapping>|\bsam |npm run deploy|aws (?:configure|cloudformation|route53domains|sns) |npm run page -- upload|--stack-name |AWS_REGION=|^npm run device (?!.*--local)/m,
  'needs the SAM CLI and Docker': /\bsam local /,
  'needs another machine, a device or root': /\b192\.168\.|^sudo |^scp /m,
  'needs an archived object, or the stop that writes one': /--audit |npm run audit -- --local/,
  'needs what an earlier answer says': /\b(?:POOL|TOKEN)\b/,
  'takes minutes or does not end':
    /^(?:SMTP_URL='.*' )?(?:npm ci|npm start|npm test|npm run dns -- (?:serve|drill))\b|^npm run world -- .*--days [1-9]|--minutes \d|--runs \d/m,
  'needs a stack that was started with IotName': /-servername iot\.example\.com/,
  'needs a template of the reader': /~\/my-app|MyDevicePolicy/,
} as const;

type Reason = keyof typeof SIGNS | { readonly runBy: string };

const account: Reason = 'needs an AWS account';
const docker: Reason = 'needs the SAM CLI and Docker';
const machine: Reason = 'needs another machine, a device or root';
const archive: Reason = 'needs an archived object, or the stop that writes one';
const answer: Reason = 'needs what an earlier answer says';
const long: Reason = 'takes minutes or does not end';
const named: Reason = 'needs a stack that was started with IotName';
const template: Reason = 'needs a template of the reader';
const walk: Reason = { runBy: 'tests/e2e/own-function.test.ts' };

const LEFT_OUT: readonly (readonly [document: string, start: string, reason: Reason])[] = [
  ['CONTRIBUTING.md', 'npm ci', long],
  ['CONTRIBUTING.md', 'npm start -- --watch', walk],
  ['CONTRIBUTING.md', 'tail -n 6', walk],
  ['CONTRIBUTING.md', `echo '{"device": "my-fridge"`, walk],
  ['README.md', 'npm ci', long],
  ['docs/alerts.md', 'aws iot update-thing-group', account],
  ['docs/alerts.md', 'aws sns subscribe', account],
  ['docs/alerts.md', 'aws cloudformation deploy', account],
  ['docs/alerts.md', 'aws sns set-sms-attributes', account],
  ['docs/alerts.md', 'SMTP_URL=', long],
  ['docs/api.md', 'eval "$(aws configure', account],
  ['docs/api.md', 'npm run report -- --device store-sensor-seattle1 --audit', archive],
  ['docs/audit.md', 'npm run audit -- --local', archive],
  ['docs/audit.md', 'aws s3 sync s3://<RawBucket>/raw/2026/11/21/', account],
  ['docs/audit.md', 'aws s3 sync s3://<RawBucket>/raw/2026/11/ raw', account],
  ['docs/certificates.md', 'sam deploy', account],
  ['docs/certificates.md', 'npm run device -- allow serials.txt --table', account],
  ['docs/certificates.md', 'aws dynamodb get-item --table-name <', account],
  ['docs/certificates.md', 'npm run device -- rotate store-sensor-seattle1 --out', account],
  ['docs/certificates.md', 'npm run device -- rotate store-sensor-seattle1 --retire-old', account],
  ['docs/certificates.md', 'npm run device -- revoke', account],
  ['docs/devices.md', 'npm start -- --host 0.0.0.0', long],
  ['docs/devices.md', 'scp certs/ca.pem', machine],
  ['docs/devices.md', 'sudo apt install', machine],
  ['docs/devices.md', 'sudo install', machine],
  ['docs/devices.md', 'curl -X POST http://192.168.1.20', machine],
  ['docs/dns.md', 'aws cloudformation deploy', account],
  ['docs/dns.md', 'aws route53domains', account],
  ['docs/dns.md', 'npm run device -- create store-sensor-seattle1 --group', account],
  ['docs/dns.md', 'aws s3 cp docs/fail-whale.html', account],
  ['docs/dns.md', 'export AWS_REGION', account],
  ['docs/dns.md', 'npm start -- --parameter-overrides IotName', long],
  ['docs/dns.md', 'openssl s_client', named],
  ['docs/dns.md', 'npm run dns -- serve', long],
  ['docs/dns.md', 'npm run dns -- drill', long],
  ['docs/function-size.md', 'node bench/import-time.ts', long],
  ['docs/operations.md', 'npm ci', account],
  ['docs/operations.md', 'group=$(aws cloudformation', account],
  ['docs/operations.md', 'npm start  ', docker],
  ['docs/operations.md', 'npm run env -- --stack-name', docker],
  ['docs/operations.md', 'aws s3 cp --recursive', account],
  ['docs/operations.md', 'aws s3 cp s3://<ErrorsBucket>/aws/lambda/async', account],
  ['docs/operations.md', 'aws s3 cp s3://<ErrorsBucket>/aws/lambda/<mapping>', account],
  ['docs/page.md', 'npm run page -- upload', account],
  ['docs/seal.md', 'aws s3 sync s3://<RawBucket>/ copy/', account],
  ['docs/seal.md', 'aws s3 cp s3://<RawBucket>/seals/', account],
  ['docs/parsed.md', `echo '{"from"`, account],
  ['docs/reliability.md', 'npm run chaos', long],
  ['docs/world.md', 'npm run world', long],
  ['packages/fast-fold/README.md', 'npm ci --prefix', long],
  ['packages/local-cloud/README.md', 'npm ci', template],
  ['packages/local-cloud/README.md', 'export AWS_ACCESS_KEY_ID=local', template],
  ['packages/local-cloud/docs/identity.md', 'export AWS_ENDPOINT_URL', answer],
  ['packages/local-cloud/docs/identity.md', 'aws cognito-identity get-open-id-token', answer],
];

const matching = ({ document, text }: Block) =>
  LEFT_OUT.filter(([other, start]) => other === document && text.startsWith(start));

export const isLeftOut = (block: Block) => matching(block).length > 0;

/** Every page of Markdown but the changelogs. */
export function documents(): string[] {
  const listed = ['ls-files', '-co', '--exclude-standard', '*.md'];
  const files = execFileSync('git', listed, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);
  return files.filter((file) => path.basename(file) !== 'CHANGELOG.md');
}

/** Blocks without a language that begin with a word or set a variable, as commands do; all else has a language. */
export function commandBlocks(): Block[] {
  return documents()
    .flatMap(plainBlocks)
    .filter(({ text }) => /^(?:\w+=|[a-z][\w.-]*(?:\(\))?(?: |$))/.test(text.split('\n')[0]!));
}

/** Blocks of a page that have no language, without the indentation of a list. */
export function plainBlocks(document: string): Block[] {
  const page = readFileSync(path.join(root, document), 'utf8');
  return [...page.matchAll(/^( *)```(\w*)\n([^]*?)^\1```/gm)]
    .filter(([, , language]) => language === '')
    .map((match) => ({
      document,
      line: page.slice(0, match.index).split('\n').length + 1,
      text: match[3]!.replaceAll(new RegExp(`^${match[1]}`, 'gm'), ''),
    }));
}

/** What is wrong with the list above: entries that no block has, or whose reason the block does not show. */
export function wrongReasons(blocks: readonly Block[]): string[] {
  const unused = LEFT_OUT.filter((entry) => !blocks.some((block) => matching(block).includes(entry)));
  const doubtful = blocks.flatMap((block) =>
    matching(block)
      .filter(([, , reason]) => !isShown(reason, block))
      .map(([document, start]) => `${document}: ${start}: the block does not show this reason`),
  );
  return [...unused.map(([document, start]) => `${document}: ${start}: there is no such block`), ...doubtful];
}

function isShown(reason: Reason, { document, text }: Block): boolean {
  if (typeof reason === 'string') return SIGNS[reason].test(text);
  const file = path.join(root, reason.runBy);
  return existsSync(file) && readFileSync(file, 'utf8').includes(document);
}
