// What the template says about each function, in the shape that the Lambda service of the local cloud runs.

/** The build properties of SAM's esbuild method, with its defaults filled in. */
export interface FunctionBuild {
  readonly format: 'cjs' | 'esm';
  readonly target: string;
  readonly minify: boolean;
  readonly sourcemap: boolean;
  readonly sourcesContent: boolean;
  readonly external: readonly string[];
  readonly mainFields: readonly string[];
  /** Such as `{ '.js': '.mjs' }`. */
  readonly outExtension: Readonly<Record<string, string>>;
  /** Such as `{ '.html': 'text' }`. */
  readonly loader: Readonly<Record<string, string>>;
}

/** What happens to an asynchronous invocation that fails. */
export interface FunctionAsync {
  /** 0 to 2, retries after the first attempt. */
  readonly maximumRetryAttempts: number;
  /** 60 to 21600. */
  readonly maximumEventAgeSeconds: number;
  readonly onFailure?: { readonly type: 's3' | 'sns' | 'sqs' | 'lambda'; readonly arn: string };
}

export interface FunctionSpec {
  readonly logicalId: string;
  /** Physical name. */
  readonly name: string;
  readonly arn: string;
  /** Absolute path of the source file that esbuild starts from. */
  readonly entryPoint: string;
  /** File of the bundle inside the build folder, without extension: `ingest` of `ingest.handler`. */
  readonly handlerFile: string;
  /** Exported name: `handler` of `ingest.handler`. */
  readonly handlerName: string;
  readonly runtime: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly reservedConcurrency?: number;
  readonly build: FunctionBuild;
  readonly async: FunctionAsync;
  /** Where the template declares it: `template.yaml:123`. */
  readonly declaredAt: string;
}
