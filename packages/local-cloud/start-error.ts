// An error that stops the start: each of its problems is a line that the operator reads, so it names the thing and the remedy.

export class StartError extends Error {
  override readonly name = 'StartError';
  readonly problems: readonly string[];

  constructor(problem: string | readonly string[], options?: ErrorOptions) {
    const problems = typeof problem === 'string' ? [problem] : problem;
    super(problems.join('\n'), options);
    this.problems = problems;
  }
}

/**
 * Reads every item, and gives the results in their order.
 * @throws StartError with the problems of all items that cannot be read.
 */
export function readAll<Item, Result>(items: Iterable<Item>, read: (item: Item) => Result): Result[] {
  const results: Result[] = [];
  const problems: string[] = [];
  for (const item of items) {
    try {
      results.push(read(item));
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new StartError([...new Set(problems)]);
  return results;
}

/** Runs `read`; what it finds wrong is added to `problems`, and the caller goes on to find more. */
export function noteProblems(problems: string[], read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    problems.push(...error.problems);
  }
}
