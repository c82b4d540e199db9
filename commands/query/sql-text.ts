// Quotes texts for SQL.

/** A text as an SQL literal. */
export const textOf = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const listOf = (texts: readonly string[]): string => texts.map(textOf).join(', ');
