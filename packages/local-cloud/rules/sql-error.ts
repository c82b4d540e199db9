// The errors of rules SQL: in the text, found when a rule is compiled, and in the evaluation for a message.

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

/** The SQL fails for a message: none of the rule's actions runs, and not its error action either. */
export class SqlFailure extends Error {
  override readonly name: string = 'SqlFailure';
}
