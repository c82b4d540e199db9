// JavaScript contenders: loops over JSON.parse, RxJS and alasql, each as its users would write it.

import { chunksOf, WINDOW_MILLISECONDS } from './fold-input.ts';
import { addToTally, emptyTally, outcomeOfTallies, type FoldOutcome, type Tally } from './fold-outcome.ts';
import { loadPeer, type Fold } from './fold-peer.ts';

interface Line {
  readonly timestamp: number;
  readonly temperature: number;
  readonly humidity: number;
  readonly deviceId: string;
}

/** Whole lines, many at a time. */
function* blocksOfLines(file: string): Generator<string> {
  let rest = '';
  for (const chunk of chunksOf(file)) {
    const text = rest + chunk.toString('latin1');
    const end = text.lastIndexOf('\n');
    rest = text.slice(end + 1);
    if (end > 0) yield text.slice(0, end);
  }
  if (rest !== '') yield rest;
}

function* parsedLines(file: string): Generator<Line> {
  for (const block of blocksOfLines(file)) {
    for (const line of block.split('\n')) yield JSON.parse(line) as Line;
  }
}

function* linesParsedAsArrays(file: string): Generator<Line> {
  for (const block of blocksOfLines(file)) {
    yield* JSON.parse(`[${block.replaceAll('\n', ',')}]`) as Line[];
  }
}

export const foldWithJsonParse: Fold = (file) => foldLines(parsedLines(file));
export const foldWithArrayParse: Fold = (file) => foldLines(linesParsedAsArrays(file));

const keyOf = ({ deviceId, timestamp }: Line): string =>
  `${deviceId}/${Math.floor(timestamp / WINDOW_MILLISECONDS)}`;

function foldLines(lines: Iterable<Line>): FoldOutcome {
  const windows = new Map<string, Tally>();
  for (const line of lines) {
    const key = keyOf(line);
    let tally = windows.get(key);
    if (!tally) windows.set(key, (tally = emptyTally()));
    addToTally(tally, line.temperature, line.humidity);
  }
  return outcomeOfTallies(windows.values());
}

interface Operator {
  readonly brand: 'operator';
}
interface Observable<Value> {
  pipe(...operators: readonly Operator[]): Observable<Tally>;
  subscribe(observer: { next(value: Value): void; error(error: unknown): void; complete(): void }): unknown;
}
interface Rx {
  from(values: Iterable<Line>): Observable<Line>;
  groupBy(key: (line: Line) => string): Operator;
  mergeMap(project: (group: Observable<Line>) => Observable<Tally>): Operator;
  reduce(add: (tally: Tally, line: Line) => Tally, seed: Tally): Operator;
}

export async function openRxJs(): Promise<Fold> {
  const rx = await loadPeer<Rx>('rxjs');
  return (file) =>
    new Promise<FoldOutcome>((resolve, reject) => {
      const tallies: Tally[] = [];
      rx.from(parsedLines(file))
        .pipe(
          rx.groupBy(keyOf),
          rx.mergeMap((group) =>
            group.pipe(
              rx.reduce((tally, { temperature, humidity }) => {
                addToTally(tally, temperature, humidity);
                return tally;
              }, emptyTally()),
            ),
          ),
        )
        .subscribe({
          next: (tally) => tallies.push(tally),
          error: reject,
          complete: () => resolve(outcomeOfTallies(tallies)),
        });
    });
}

interface AlaSql {
  readonly default: (sql: string, values: unknown[]) => Record<string, number>[];
}

/** alasql takes rows, so the lines are parsed first, keeping only the needed columns. */
export async function openAlaSql(): Promise<Fold> {
  const { default: alasql } = await loadPeer<AlaSql>('alasql');
  return (file) => {
    const rows: Line[] = [];
    for (const { deviceId, timestamp, temperature, humidity } of linesParsedAsArrays(file)) {
      rows.push({ deviceId, timestamp, temperature, humidity });
    }
    const windows = alasql(
      `SELECT deviceId, FLOOR(timestamp / ${WINDOW_MILLISECONDS}) AS start, COUNT(*) AS readings,
        SUM(temperature) AS tsum, MIN(temperature) AS tmin, MAX(temperature) AS tmax,
        SUM(humidity) AS hsum, MIN(humidity) AS hmin, MAX(humidity) AS hmax
      FROM ? GROUP BY deviceId, FLOOR(timestamp / ${WINDOW_MILLISECONDS})`,
      [rows],
    );
    return outcomeOfTallies(
      windows.map((row) => ({
        count: row['readings']!,
        temperature: { sum: row['tsum']!, min: row['tmin']!, max: row['tmax']! },
        humidity: { sum: row['hsum']!, min: row['hmin']!, max: row['hmax']! },
      })),
    );
  };
}
