// What is wrong with an SQL text, and where: found when a rule is compiled, before any message arrives.

export class SqlError extends Error {
  override readonly name = 'SqlError';
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;

  /** @param offset of the offending character in `sql` */
  constructor(sql: string, offset: number, problem: string) {
    const before = sql.slice(0, offset);
    const line = before.split('\n').length;
    const column = offset - before.lastIndexOf('\n');
    super(`SQL ${line}:${column}: ${problem}`);
    this.line = line;
    this.column = column;
  }
}

/** A message that cannot go through a rule's SQL: no action runs, and none of the rule's error actions either. */
export class SqlFailure extends Error {
  override readonly name: string = 'SqlFailure';
}
