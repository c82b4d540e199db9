// Reads what a world kept, from its disk and tables, in the form that the oracle of the chaos harness reads.

import { createHash } from 'node:crypto';
import type { Evidence } from '../bench/chaos/evidence.ts';
import { mailOf, rejectedOf } from '../bench/chaos/left-texts.ts';
import type { Disk, Node } from '../packages/local-cloud/world/disk.ts';
import { DATA_DIR } from '../packages/local-cloud/world/machine.ts';
import { readTable } from '../packages/local-cloud/world/world-tables.ts';

interface KeptFile {
  readonly file: string;
  readonly bytes: Buffer;
}

function filesBelow(node: Node | undefined, place: string): KeptFile[] {
  if (!node) return [];
  if (node.kind === 'file') return [{ file: place, bytes: node.data.subarray(0, node.size) }];
  return [...node.entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, each]) => filesBelow(each, `${place}/${name}`));
}

const below = (disk: Disk, folder: string) => filesBelow(disk.find(`${DATA_DIR}/${folder}`), folder);
const textsOf = (files: readonly KeptFile[]) => files.map(({ bytes }) => bytes.toString('utf8'));

/** Names of the stack's outputs, and what they are on this machine. */
export type Outputs = Readonly<Record<string, string>>;

/** Whether an alert still has something to send, or to write down. */
export const hasPending = (outputs: Outputs): boolean =>
  readTable(outputs['AlertsTable']!).some(
    (item) => item['pending'] !== undefined || item['unrecorded'] !== undefined,
  );

export function readEvidence(disk: Disk, outputs: Outputs): Evidence {
  const bucket = (output: string) => below(disk, `s3/${outputs[output]}`);
  const table = (output: string) => readTable(outputs[output] ?? output);
  const mails = below(disk, 'mail').filter(({ file }) => file.endsWith('.eml'));
  return {
    archive: textsOf(bucket('RawBucket')).flatMap((text) => text.split('\n').filter(Boolean)),
    ...rejectedOf(textsOf(bucket('ErrorsBucket'))),
    mails: mails.map(({ file, bytes }) => mailOf(file.split('/').at(-1)!, bytes.toString('utf8'))),
    windows: table('WindowsTable').map((item) => ({
      deviceId: item['deviceId']!.S!,
      windowStart: Number(item['windowStart']!.N),
      numbers: new Map(
        Object.entries(item).flatMap(([name, value]) => (value?.N === undefined ? [] : [[name, value.N]])),
      ),
    })),
    alerts: table('AlertsTable')
      .filter((item) => item['state'] !== undefined)
      .map((item) => ({
        deviceId: item['deviceId']!.S!,
        ruleId: item['ruleId']!.S!,
        state: item['state']?.S ?? '',
        isPending: item['pending'] !== undefined || item['unrecorded'] !== undefined,
      })),
    history: table('AlertHistoryTable').flatMap((item) =>
      item['event']?.S === undefined ? [] : [JSON.parse(item['event'].S) as Evidence['history'][number]],
    ),
  };
}

const TABLES = ['WindowsTable', 'AlertsTable', 'AlertHistoryTable', 'RollupsTable', 'DevicesTable'];

/** The same for two worlds that kept the same objects, items and emails. Seals are left out: ECDSA signs with new random numbers. */
export function hashOf(disk: Disk, outputs: Outputs): string {
  const hash = createHash('sha256');
  for (const { file, bytes } of [...below(disk, 's3'), ...below(disk, 'mail')])
    if (!file.includes('seals/')) hash.update(`${file}\n`).update(bytes);
  for (const output of TABLES)
    if (outputs[output] !== undefined) hash.update(JSON.stringify(readTable(outputs[output])));
  return hash.digest('hex').slice(0, 16);
}
