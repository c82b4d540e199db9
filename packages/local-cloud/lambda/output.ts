// Collects what one attempt prints into whole lines, framed by START, END and REPORT as CloudWatch shows them.

interface Report {
  readonly requestId: string;
  readonly memoryMb: number;
  readonly heapMb: number;
  /** Milliseconds, for the first event of an environment only. */
  readonly initMs: number | undefined;
}

export interface Output {
  start(requestId: string): void;
  /** Takes text as it was written, whole lines or not. */
  print(text: string): void;
  /** Closes the attempt and gives the last 4 KB of it, what `X-Amz-Log-Result` carries. */
  end(report: Report): string;
}

const TAIL_BYTES = 4_096;
/** CloudWatch cuts an event at 256 KB; an unfinished line is passed on at that length. */
const LONGEST_LINE = 262_144;

function tailOf(lines: readonly string[]): string {
  const bytes = Buffer.from(lines.join(''), 'utf8');
  if (bytes.length <= TAIL_BYTES) return bytes.toString('utf8');
  let start = bytes.length - TAIL_BYTES;
  while ((bytes[start]! & 0xc0) === 0x80) start += 1; // not in the middle of a character
  return bytes.subarray(start).toString('utf8');
}

/** @param onLine gets every line with its line end. */
export function createOutput(onLine: (line: string) => void): Output {
  const begun = performance.now();
  let recent: string[] = [];
  let recentLength = 0;
  let unfinished = '';

  function emit(line: string): void {
    onLine(line);
    recent.push(line);
    recentLength += line.length;
    // Trimmed seldom, so that a chatty function costs no quadratic time.
    if (recentLength > 16 * TAIL_BYTES && recent.length > 1) {
      recent = [tailOf(recent)];
      recentLength = recent[0]!.length;
    }
  }

  function print(text: string): void {
    const lines = (unfinished + text).split('\n');
    unfinished = lines.pop()!;
    for (const line of lines) emit(`${line}\n`);
    if (unfinished.length > LONGEST_LINE) {
      emit(`${unfinished}\n`);
      unfinished = '';
    }
  }

  return {
    start: (requestId) => emit(`START RequestId: ${requestId} Version: $LATEST\n`),
    print,
    end({ requestId, memoryMb, heapMb, initMs }) {
      if (unfinished) print('\n');
      const took = performance.now() - begun;
      const init = initMs === undefined ? '' : `Init Duration: ${initMs.toFixed(2)} ms\t`;
      emit(`END RequestId: ${requestId}\n`);
      emit(
        `REPORT RequestId: ${requestId}\tDuration: ${took.toFixed(2)} ms\tBilled Duration: ${Math.ceil(took)} ms\t` +
          `Memory Size: ${memoryMb} MB\tMax Memory Used: ${heapMb} MB\t${init}\n`,
      );
      return tailOf(recent);
    },
  };
}
