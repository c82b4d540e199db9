// Filter patterns of CloudWatch Logs, as far as they name terms of a line.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html

import { AwsError } from '../aws-error.ts';

const TERM = /([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))/g;

/** All terms, none of those after `-`, and one of those after `?`. @throws AwsError for patterns of JSON and of fields */
export function readFilterPattern(pattern: string): (message: string) => boolean {
  if (/^\s*[{[%]/.test(pattern))
    throw new AwsError(
      'InvalidParameterException',
      `The local cloud does not support the filter pattern ${pattern.slice(0, 100)}: use terms, such as ERROR -timeout "two words"`,
    );
  const terms = [...pattern.matchAll(TERM)].map(([, sign, quoted, word]) => ({
    sign,
    text: quoted === undefined ? word! : quoted.replaceAll(/\\(.)/g, '$1'),
  }));
  const of = (wanted: string) => terms.filter(({ sign }) => sign === wanted).map(({ text }) => text);
  const [all, none, any] = [of(''), of('-'), of('?')];
  return (message) =>
    all.every((text) => message.includes(text)) &&
    !none.some((text) => message.includes(text)) &&
    (any.length === 0 || any.some((text) => message.includes(text)));
}
