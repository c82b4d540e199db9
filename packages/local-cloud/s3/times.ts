// Formats times as in S3's documents: whole seconds, with zeros as milliseconds.

/** `2026-09-21T12:00:00.000Z`, of epoch milliseconds. */
export const isoTime = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19)}.000Z`;
