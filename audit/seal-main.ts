// `npm run seal`: seals the raw archive and lists the sealed days, or checks a copy of it offline.

import { REMEDIES, type Finding } from '../core/seal/findings.ts';
import { DAY_MS, rawPrefix, startOf } from '../core/seal/sealed-days.ts';
import { AuditError } from './archive-options.ts';
import { checkFolder, type CheckedFolder } from './seal-folder.ts';
import { parseSealOptions, usage, type VerifyOptions } from './seal-options.ts';
import { compareReport, NOT_FROM_READINGS, type ComparedReport } from './seal-report.ts';
import { count, sealStack } from './seal-stack.ts';

const WIDTH = 80;
const LONGEST_VALUE = 200;
const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Lines of at most 80 columns; a word that is longer stays whole. */
function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || indent.length + last.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => indent + line).join('\n');
}

function sayFinding({ kind, day, object, detail }: Finding): void {
  say([kind.toUpperCase(), day].filter(Boolean).join(' '));
  if (object !== undefined) say(`  ${object}`);
  say(wrapped(`${detail}.`, '  '));
  say(wrapped(REMEDIES[kind], '  '));
}

function sayChain({ chain, bytes, newer, files }: CheckedFolder): void {
  const [first, last] = [chain.days.at(0), chain.days.at(-1)];
  if (!first || !last) return;
  const late = [...chain.objects.values()].filter(({ key, day }) => !key.startsWith(rawPrefix(day)));
  say(`Days     ${count(chain.days.length, 'day')}, ${first.manifest.day} to ${last.manifest.day}`);
  say(`Head     ${last.head}`);
  for (const key of new Set(chain.days.map(({ manifest }) => manifest.key))) say(`Key      ${key}`);
  say(
    `Objects  ${count(chain.objects.size, 'sealed object')}, ${files.length} as sealed, ${count(bytes, 'byte')} read`,
  );
  if (late.length > 0) say(`         ${late.length} sealed on a later day than that of their folder`);
  if (newer > 0) say(`         ${newer} not sealed yet: they arrived after ${last.manifest.day}`);
}

function sayReport({ deviceId, month, metric, problems, values }: ComparedReport): void {
  say(`Report   ${[deviceId, month, metric ?? 'without readings'].join(', ')}`);
  for (const problem of problems) say(wrapped(`NOT PROVEN: ${problem}`, '  '));
  for (const { name, reported, computed, agrees } of values) {
    const shown = reported.length > WIDTH - 30 ? '' : ` ${reported}`;
    if (agrees) say(`  ${name.padEnd(14)}agrees${shown}`);
    else
      say(
        wrapped(
          `DIFFERS ${name}: ${reported.slice(0, LONGEST_VALUE)} in the report, ${computed.slice(0, LONGEST_VALUE)} from the lines`,
          '  ',
        ),
      );
  }
  say(wrapped(`not from readings, so not proven: ${NOT_FROM_READINGS}`, '  '));
}

async function verify(options: VerifyOptions): Promise<number> {
  const { report } = options;
  const checked = await checkFolder(options);
  sayChain(checked);
  for (const finding of checked.findings) sayFinding(finding);
  let isProven = checked.findings.length === 0;
  if (report !== undefined) {
    const sealedTo = startOf(checked.chain.days.at(-1)?.manifest.day ?? '1970-01-01') + DAY_MS;
    for (const compared of await compareReport(checked.files, { ...options, report })) {
      const open =
        compared.to > sealedTo
          ? [`the archive is sealed only until ${new Date(sealedTo).toISOString().slice(0, 10)} 00:00 UTC`]
          : [];
      const problems = [...compared.problems, ...open];
      sayReport({ ...compared, problems });
      isProven &&= problems.length === 0 && compared.values.every(({ agrees }) => agrees);
    }
  }
  say(isProven ? 'PROVEN' : `NOT PROVEN: ${count(checked.findings.length, 'finding')} in the archive`);
  return isProven ? 0 : 1;
}

try {
  const options = parseSealOptions(process.argv.slice(2));
  if (!options) say(usage);
  else if (options.kind === 'verify') process.exitCode = await verify(options);
  else process.exitCode = (await sealStack(options, say)) ? 0 : 1;
} catch (error) {
  const { name, message } = error as Error;
  process.stderr.write(`${error instanceof AuditError ? message : `seal ended: ${name}: ${message}`}\n`);
  process.exitCode = 2;
}
