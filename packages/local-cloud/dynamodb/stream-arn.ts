// The ARN of the stream of a table.

/**
 * The template is resolved before its tables exist, so the label of a stream is always the same. On AWS it is the time when the
 * stream was created.
 */
export const STREAM_LABEL = '2026-01-01T00:00:00.000';

export const streamArnOf = (tableArn: string): string => `${tableArn}/stream/${STREAM_LABEL}`;
