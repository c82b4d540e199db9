// Texts within SQL.

/** As a literal. */
export const textOf = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const listOf = (texts: readonly string[]): string => texts.map(textOf).join(', ');
