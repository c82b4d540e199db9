// What the stream of a table is called.

/**
 * The template is resolved before its tables are there, so that the label of a stream, on AWS the time of its making, is always
 * the same.
 */
export const STREAM_LABEL = '2026-01-01T00:00:00.000';

export const streamArnOf = (tableArn: string): string => `${tableArn}/stream/${STREAM_LABEL}`;
