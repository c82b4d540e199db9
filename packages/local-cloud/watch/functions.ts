// Finds the functions that a changed file concerns, builds them again and logs the result.

import path from 'node:path';
import type { Rebuild, Rebuilt } from '../lambda/rebuild.ts';
import type { Log } from '../log.ts';

const SETTING_FILES = ['package.json', 'tsconfig.json', 'package-lock.json'];

const isInPackage = (file: string) => file.includes(`${path.sep}node_modules${path.sep}`);
/** A path without its extension: an import may resolve to a new file with the same name and another extension. */
const stemOf = (file: string) => path.join(path.dirname(file), path.parse(file).name);

export interface FunctionWatch {
  /** Files whose folders have to be watched; those of packages do not change by themselves. */
  files(): string[];
  /** Builds the functions that the changed files concern, and logs the result. */
  take(changed: ReadonlySet<string>): Promise<void>;
}

/** The functions of each problem: one file may be in several. */
const byProblem = (rebuilt: readonly Rebuilt[]) =>
  Map.groupBy(
    rebuilt.flatMap((each) => (each.result === 'failed' ? [each] : [])),
    ({ problem }) => problem,
  );

/** Logs what was rebuilt and what was not. @param failed has those that failed, before and after */
function logResults(log: Log, rebuilt: readonly Rebuilt[], failed: Set<string>, milliseconds: number): void {
  for (const { logicalId, result } of rebuilt) {
    const failedBefore = failed.delete(logicalId);
    if (result === 'failed') failed.add(logicalId);
    if (result === 'replaced' || (result === 'same' && failedBefore))
      log.info(
        'function rebuilt',
        { function: logicalId, milliseconds },
        `${logicalId} rebuilt in ${milliseconds} ms`,
      );
  }
  for (const [problem, functions] of byProblem(rebuilt)) {
    const names = functions.map(({ logicalId }) => logicalId).join(', ');
    log.error(
      'function does not build, and its last code still runs',
      { function: names, reason: problem },
      `${problem} (${names}: the last code still runs)`,
    );
  }
}

export function createFunctionWatch(rebuild: Rebuild, log: Log): FunctionWatch {
  const failed = new Set<string>();

  /** A function that failed is built at every change, because what it lacks may be anywhere. */
  function concerned(changed: ReadonlySet<string>): string[] {
    const stems = new Set([...changed].map(stemOf));
    const settings = [...changed].some((file) => SETTING_FILES.includes(path.basename(file)));
    return [...rebuild.sources()].flatMap(([logicalId, sources]) =>
      settings || failed.has(logicalId) || sources.some((file) => stems.has(stemOf(file))) ? [logicalId] : [],
    );
  }

  return {
    files() {
      const sources = [...rebuild.sources().values()].flat().filter((file) => !isInPackage(file));
      return [...new Set(sources)];
    },
    async take(changed) {
      const logicalIds = concerned(changed);
      if (logicalIds.length === 0) return;
      const began = performance.now();
      const rebuilt = await rebuild.build(logicalIds);
      logResults(log, rebuilt, failed, Math.round(performance.now() - began));
    },
  };
}
