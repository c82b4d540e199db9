// Which functions a changed file concerns, and what the terminal says once they are built again.

import path from 'node:path';
import type { Rebuild, Rebuilt } from '../lambda/rebuild.ts';
import type { Log } from '../log.ts';

const SETTING_FILES = ['package.json', 'tsconfig.json', 'package-lock.json'];

const isInPackage = (file: string) => file.includes(`${path.sep}node_modules${path.sep}`);
/** A new file beside another of the same name may be what an import means from then on. */
const stemOf = (file: string) => path.join(path.dirname(file), path.parse(file).name);

export interface FunctionWatch {
  /** Files whose folders have to be watched; those of packages do not change by themselves. */
  files(): string[];
  /** Builds what the changed files concern, and says what came of it. */
  take(changed: ReadonlySet<string>): Promise<void>;
}

/** The functions of each problem: one file may be in several. */
const byProblem = (rebuilt: readonly Rebuilt[]) =>
  Map.groupBy(
    rebuilt.flatMap((each) => (each.result === 'failed' ? [each] : [])),
    ({ problem }) => problem,
  );

export function createFunctionWatch(rebuild: Rebuild, log: Log): FunctionWatch {
  const failed = new Set<string>();

  /** What failed is tried at every change, as what it lacks may be anywhere. */
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
      const milliseconds = Math.round(performance.now() - began);
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
          'function does not build, and its last code goes on',
          { function: names, reason: problem },
          `${problem} (${names}: the last code goes on)`,
        );
      }
    },
  };
}
