// Finds the calls of a program in lines for a shell and splits them into words, without running anything.

/** What a command substitution becomes in a word: it may be a number. */
const SUBSTITUTE = '1';

/** `<RawBucket>` becomes a plain word. @returns the words after the program, once for each call, those within `$(...)` too */
export function callsOf(program: string, text: string): string[][] {
  const lines = text.replaceAll(/\\\n\s*/g, ' ').replaceAll(/<(\w+)>/g, '$1');
  const calls: string[][] = [];
  const withoutSubstitutions = (part: string): string => {
    const begin = part.lastIndexOf('$(');
    if (begin === -1) return part;
    const end = part.indexOf(')', begin);
    if (end === -1) return part;
    calls.push(...callsIn(part.slice(begin + 2, end)));
    return withoutSubstitutions(part.slice(0, begin) + SUBSTITUTE + part.slice(end + 1));
  };
  const callsIn = (part: string) =>
    simpleCommands(part)
      .filter(([name]) => name === program)
      .map(([, ...words]) => words);
  calls.push(...callsIn(withoutSubstitutions(lines)));
  return calls;
}

/** The words of each command of a pipe, list or line, without quotes, comments, assignments before it and redirections. */
function simpleCommands(text: string): string[][] {
  const tokens = text.matchAll(
    /(?<end>\n|&&|\|\|?|;)|(?<redirection>\d?[<>]+&?\s*\S*)|(?<comment>(?<=^|\s)#[^\n]*)|(?<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"|;&<>\\])+)/g,
  );
  const commands: string[][] = [[]];
  for (const { groups } of tokens) {
    if (groups!['end'] !== undefined) commands.push([]);
    const word = groups!['word'];
    if (word === undefined) continue;
    if (commands.at(-1)!.length === 0 && /^\w+=/.test(word)) continue;
    commands.at(-1)!.push(unquoted(word));
  }
  return commands;
}

const unquoted = (word: string) =>
  word.replaceAll(
    /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g,
    (_, single, double, escaped) => single ?? escaped ?? double.replaceAll(/\\(["\\$`])/g, '$1'),
  );
