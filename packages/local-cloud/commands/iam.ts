// `iam`: what functions called against what their roles allow, from recorded calls and the template.

import { existsSync, readFileSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import { createCalls, type RecordedCall } from '../iam/calls.ts';
import { callsFileIn, readCalls } from '../iam/calls-file.ts';
import { commentsOf } from '../iam/comments.ts';
import { reportLines } from '../iam/print.ts';
import { iamReportOf, type IamReport } from '../iam/report.ts';
import { printable } from '../log.ts';
import { commandOf, type Project } from '../project.ts';
import { StartError } from '../start-error.ts';
import { loadTemplate } from '../template/load.ts';
import { iamUsageOf, parseIamOptions, type IamOptions } from './iam-options.ts';

function recordedCalls({ files, dataDir }: IamOptions, project?: Project): readonly RecordedCall[] {
  const named = files.length > 0 ? files : [callsFileIn(dataDir)];
  const missing = named.find((file) => !existsSync(file));
  if (missing !== undefined)
    throw new StartError(
      `${missing}: no calls are recorded there: run ${commandOf('start', project)}, let the functions work, and try again`,
    );
  const calls = createCalls();
  for (const file of named) calls.add(readCalls(file));
  return calls.all();
}

/** Without what a comment in the template explains. */
function unexplained(report: IamReport, text: string): { report: IamReport; explained: number } {
  const comments = commentsOf(text);
  const commentOf = ({ at, statementAt }: { at: string; statementAt: string }) =>
    `${comments.at(at)} ${comments.at(statementAt)}`.trim();
  const unused = report.unused.filter((each) => !/\bneed(s|ed)?\b/i.test(commentOf(each)));
  // An ARN that a reference gives may end in an asterisk that nobody wrote.
  const written = report.wildcards.filter(({ at }) => comments.has(at, /[*?]/));
  const wildcards = written.filter((each) => commentOf(each) === '');
  const explained = report.unused.length - unused.length + written.length - wildcards.length;
  return { report: { ...report, unused, wildcards }, explained };
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
    : unexplained(full, readFileSync(template.file, 'utf8'));
  const lines = options.json
    ? [JSON.stringify({ ...report, explained }, undefined, 2)]
    : reportLines(report, explained).map(printable);
  process.stdout.write(`${lines.join('\n')}\n`);
  return report.missing.length === 0 ? 0 : 1;
}
