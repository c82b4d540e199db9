// Starts the thread of a function environment: its code, its variables and its memory limits.

import { getCompileCacheDir } from 'node:module';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FunctionSpec } from '../template/functions.ts';
import type { LayerRoot } from '../template/layers.ts';
import type { TablesDoor, WorkerSettings } from './protocol.ts';

export interface EnvironmentSettings {
  readonly spec: FunctionSpec;
  readonly file: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly logStream: string;
  readonly tables?: (() => TablesDoor) | undefined;
  readonly onLine: (line: string) => void;
  /** The thread has ended, whatever the reason. */
  readonly onEnd: () => void;
}

const COMPILE_CACHE = 'NODE_COMPILE_CACHE';

/** The garbage of events is collected every few events: without a limit it grows to 96 MB a thread, and is no faster (bench/handlers.ts). */
const YOUNG_GENERATION_MB = 4;

/** Those of layers; for code that is not built, also what was beside it before it was copied, and the AWS SDK from here. */
function packageRootsOf({ plain, layerRoots = [] }: FunctionSpec): readonly LayerRoot[] {
  if (!plain) return layerRoots;
  const beside = [...(plain.kind === 'folder' ? [plain.folder] : []), import.meta.dirname];
  return [...layerRoots, ...beside.map((folder) => ({ folder }))];
}

/**
 * The thread compiles what is in the cache neither from source nor, which takes 20 MiB, from TypeScript. Node reads the variable once, when
 * the thread begins; after that the function does not see it.
 */
function compileCacheOf(variables: EnvironmentSettings['variables']): Readonly<Record<string, string>> {
  const folder = getCompileCacheDir();
  if (folder === undefined || Object.hasOwn(variables, COMPILE_CACHE)) return {};
  return { [COMPILE_CACHE]: path.dirname(folder) }; // Node adds its version
}

export function startWorker(environment: EnvironmentSettings): Worker {
  const { spec, file, variables, logStream } = environment;
  const tables = environment.tables?.();
  const compileCache = compileCacheOf(variables);
  const settings: WorkerSettings = {
    file,
    handlerName: spec.handlerName,
    functionName: spec.name,
    functionArn: spec.arn,
    memoryMb: spec.memoryMb,
    timeoutMs: spec.timeoutSeconds * 1_000,
    logGroup: `/aws/lambda/${spec.name}`,
    logStream,
    packageRoots: packageRootsOf(spec),
    hidden: Object.keys(compileCache),
    tables,
  };
  return new Worker(new URL('./worker.ts', import.meta.url), {
    name: spec.logicalId,
    workerData: settings,
    transferList: tables ? [tables.port] : [],
    env: { ...variables, ...compileCache },
    execArgv: [],
    argv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: spec.memoryMb, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
}
