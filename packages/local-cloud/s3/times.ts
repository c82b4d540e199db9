// How S3 writes times in its documents: whole seconds, with the milliseconds as zeros.

/** `2026-09-21T12:00:00.000Z`, of epoch milliseconds. */
export const isoTime = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19)}.000Z`;
