// Leaves out of a report what the comments of the template explain.

import { commentsOf } from './comments.ts';
import type { IamReport } from './report.ts';

/**
 * A wildcard is explained by any comment on its line, above it or above its statement; a permission that nothing used by
 * one that says when it is needed, with this word.
 *
 * @param text the template
 */
export function withoutExplained(
  report: IamReport,
  text: string,
): { readonly report: IamReport; readonly explained: number } {
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
