// The table of contenders of the fold benchmark. The others are compared with the first.

import { openDuckDb, openPolars } from './fold-engines.ts';
import { foldCarefully, foldToDeltas, foldToWindows } from './fold-own.ts';
import type { Fold } from './fold-peer.ts';
import { foldWithArrayParse, foldWithJsonParse, openAlaSql, openRxJs } from './fold-peers.ts';
import { scanBytes } from './fold-scanner.ts';

export interface Contender {
  readonly name: string;
  /** The number of processors that it may use. */
  readonly cores: 1 | 2;
  /** The package that it needs, which must be in a lock file of PEER_FOLDERS. */
  readonly needs?: string;
  readonly open: () => Promise<Fold> | Fold;
}

export const contenders: readonly Contender[] = [
  { name: 'DuckDB', cores: 1, needs: '@duckdb/node-api', open: () => openDuckDb(1) },
  { name: 'Tidegate, to windows', cores: 1, open: () => foldToWindows },
  { name: 'Tidegate, to deltas', cores: 1, open: () => foldToDeltas },
  { name: 'Tidegate, every line carefully', cores: 1, open: () => foldCarefully },
  { name: 'polars', cores: 1, needs: 'nodejs-polars', open: openPolars },
  { name: 'byte scanner that checks nothing', cores: 1, open: () => scanBytes },
  { name: 'JSON.parse, an array of lines', cores: 1, open: () => foldWithArrayParse },
  { name: 'JSON.parse, line by line', cores: 1, open: () => foldWithJsonParse },
  { name: 'RxJS', cores: 1, needs: 'rxjs', open: openRxJs },
  { name: 'alasql', cores: 1, needs: 'alasql', open: openAlaSql },
  { name: 'DuckDB, two threads', cores: 2, needs: '@duckdb/node-api', open: () => openDuckDb(2) },
  { name: 'polars, two threads', cores: 2, needs: 'nodejs-polars', open: openPolars },
];
