// `iam`: compares what functions called with what their roles allow, from recorded calls and the template.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../clock.ts';
import { createCalls, type RecordedCall } from '../iam/calls.ts';
import { callsFileIn, readCalls } from '../iam/calls-file.ts';
import { withoutExplained } from '../iam/explained.ts';
import { reportLines } from '../iam/print.ts';
import { iamReportOf } from '../iam/report.ts';
import { printable } from '../log.ts';
import { commandOf, type Project } from '../project.ts';
import { StartError } from '../start-error.ts';
import { loadTemplate } from '../template/load.ts';
import { iamUsageOf, parseIamOptions, type IamOptions } from './iam-options.ts';

/** A file, or the records in a folder. */
const filesAt = (file: string): string[] =>
  statSync(file).isDirectory()
    ? readdirSync(file)
        .filter((name) => name.endsWith('.json'))
        .map((name) => path.join(file, name))
    : [file];

function recordedCalls({ files, dataDir }: IamOptions, project?: Project): readonly RecordedCall[] {
  const named = files.length > 0 ? files : [callsFileIn(dataDir)];
  const missing = named.find((file) => !existsSync(file));
  if (missing !== undefined)
    throw new StartError(
      `${missing}: no calls are recorded there: run ${commandOf('start', project)}, let the functions work, and try again`,
    );
  const calls = createCalls();
  for (const file of named.flatMap(filesAt)) calls.add(readCalls(file));
  return calls.all();
}

/** Prints the report; resolves with 1 where a role refuses a recorded call. @throws StartError for what cannot be read */
export async function iam(args: readonly string[], project?: Project): Promise<number> {
  const options = parseIamOptions(args, project);
  if (!options) {
    process.stdout.write(`${iamUsageOf(project)}\n`);
    return 0;
  }
  const template = loadTemplate({ ...options.source, overrides: options.overrides });
  const full = iamReportOf(template, recordedCalls(options, project), systemClock);
  const { report, explained } = options.all
    ? { report: full, explained: 0 }
    : withoutExplained(full, readFileSync(template.file, 'utf8'));
  const lines = options.json
    ? [JSON.stringify({ ...report, explained }, undefined, 2)]
    : reportLines(report, explained).map(printable);
  process.stdout.write(`${lines.join('\n')}\n`);
  return report.missing.length === 0 ? 0 : 1;
}
