// Folds the options of a usage so that it fits a terminal of 80 columns.

const WIDTH = 80;
const INDENT = ' '.repeat(9);

/** @param line a command with its options; those in brackets stay whole */
export function folded(line: string): string {
  const lines: string[] = [];
  for (const word of wordsOf(line)) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push((last === undefined ? /^ */.exec(line)![0] : INDENT) + word);
  }
  return lines.join('\n');
}

/** Words, and options in brackets, which may contain spaces and brackets. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const part of line.split(' ').filter(Boolean)) {
    const last = words.at(-1);
    if (last !== undefined && depthOf(last) > 0) words[words.length - 1] = `${last} ${part}`;
    else words.push(part);
  }
  return words;
}

const depthOf = (text: string) => text.split('[').length - text.split(']').length;
