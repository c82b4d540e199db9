// Decodes `aws-chunked` bodies: the SDKs stream uploads as chunks, with a checksum in a trailer after them.

import { AwsError } from '../aws-error.ts';

const MAX_LINE = 8_192;
const MAX_TRAILERS = 16;

function incomplete(): AwsError {
  return new AwsError('IncompleteBody', 'The request body ended too soon or is not a valid aws-chunked body');
}

/** Chunk signatures are not checked: the local cloud has no secrets to check them with. */
function sizeOf(line: string): number {
  const match = /^([0-9a-fA-F]{1,8})(?:;.*)?$/.exec(line);
  if (!match) throw incomplete();
  return Number.parseInt(match[1]!, 16);
}

function addTrailer(trailers: Map<string, string>, line: string): void {
  const colon = line.indexOf(':');
  if (colon < 1 || trailers.size >= MAX_TRAILERS) throw incomplete();
  trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
}

interface State {
  expecting: 'size' | 'data' | 'data end' | 'trailer' | 'nothing';
  /** Bytes of the current chunk still to come. */
  left: number;
  rest: Buffer;
}

function takeData(state: State): Buffer {
  const part = state.rest.subarray(0, state.left);
  state.rest = state.rest.subarray(part.length);
  state.left -= part.length;
  if (state.left === 0) state.expecting = 'data end';
  return part;
}

function takeLine(state: State): string | undefined {
  const end = state.rest.indexOf('\n');
  if (end > MAX_LINE || (end < 0 && state.rest.length > MAX_LINE)) throw incomplete();
  if (end < 0) return undefined;
  const line = state.rest.toString('latin1', 0, end).replace(/\r$/, '');
  state.rest = state.rest.subarray(end + 1);
  return line;
}

function readLine(state: State, line: string, trailers: Map<string, string>): void {
  if (state.expecting === 'size') {
    state.left = sizeOf(line);
    state.expecting = state.left > 0 ? 'data' : 'trailer';
  } else if (state.expecting === 'trailer') {
    if (line === '') state.expecting = 'nothing';
    else addTrailer(trailers, line);
  } else {
    if (line !== '') throw incomplete();
    state.expecting = 'size';
  }
}

/**
 * Yields the payload of an `aws-chunked` body, and fills `trailers` (lower-case names) once it is at its end.
 *
 * @throws AwsError IncompleteBody
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export async function* decodeChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const state: State = { expecting: 'size', left: 0, rest: Buffer.alloc(0) };
  for await (const chunk of source) {
    state.rest = state.rest.length ? Buffer.concat([state.rest, chunk]) : chunk;
    while (state.rest.length && state.expecting !== 'nothing') {
      if (state.expecting === 'data') {
        yield takeData(state);
        continue;
      }
      const line = takeLine(state);
      if (line === undefined) break;
      readLine(state, line, trailers);
    }
  }
  // Some clients leave out the empty line, or even the line end, after the last trailer.
  if (state.expecting === 'trailer' && state.rest.length) addTrailer(trailers, state.rest.toString('latin1'));
  else if (state.expecting !== 'trailer' && state.expecting !== 'nothing') throw incomplete();
}
