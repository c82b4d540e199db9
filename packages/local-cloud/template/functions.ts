// What the template says about each function, in the shape that the Lambda service of the local cloud runs.

import { dirname, resolve } from 'node:path';
import { entryPointOf } from './entry-point.ts';
import { type LayerRoot, layerRootsOf } from './layers.ts';
import { type PlainCode, plainCodeOf } from './plain-code.ts';
import type { ResolvedResource, ResolvedTemplate } from './resolved.ts';
import { readAll, StartError } from '../start-error.ts';

/** The build properties of SAM's esbuild method, with its defaults filled in. */
export interface FunctionBuild {
  readonly format: 'cjs' | 'esm';
  readonly target: string;
  readonly minify: boolean;
  /** What is imported with `import()` becomes a file of its own. */
  readonly splitting: boolean;
  readonly sourcemap: boolean;
  readonly sourcesContent: boolean;
  readonly external: readonly string[];
  /** Empty for esbuild's own order, which is what SAM leaves it to. */
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
  /** ARN; that of the role which SAM would make where the template names none. */
  readonly role: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly reservedConcurrency?: number;
  readonly build: FunctionBuild;
  /** Absent where esbuild builds the code. */
  readonly plain?: PlainCode;
  /** What the code finds beside its own packages, by layers. Absent without any. */
  readonly layerRoots?: readonly LayerRoot[];
  readonly async: FunctionAsync;
  /** Where the template declares it: `template.yaml:123`. */
  readonly declaredAt: string;
}

type Properties = Readonly<Record<string, unknown>>;

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (found, key) =>
      typeof found === 'object' && found !== null && Object.hasOwn(found, key)
        ? (found as Properties)[key]
        : undefined,
    value,
  );

/** The scalar at the path as text; what it may be was checked before. */
const textAt = (value: unknown, ...path: readonly string[]): string | undefined => {
  const found = at(value, ...path);
  return typeof found === 'string' || found === undefined ? found : JSON.stringify(found);
};
const numberAt = (properties: Properties, fallback: number, ...path: readonly string[]) =>
  Number(textAt(properties, ...path) ?? fallback);
const flagAt = (build: unknown, key: string, fallback: boolean) =>
  (textAt(build, key) ?? String(fallback)) === 'true';
const textsAt = (value: unknown, key: string) => ((at(value, key) ?? []) as readonly unknown[]).map(String);

/** `['.js=.mjs']` as `{ '.js': '.mjs' }`. */
const pairs = (texts: readonly string[]) =>
  Object.fromEntries(
    texts.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  );

/** https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build-typescript.html */
function buildOf(resource: ResolvedResource): FunctionBuild {
  const build = at(resource.metadata, 'BuildProperties');
  return {
    format: at(build, 'Format') === 'esm' ? 'esm' : 'cjs',
    target: textAt(build, 'Target') ?? 'es2020',
    minify: flagAt(build, 'Minify', true),
    splitting: flagAt(build, 'Splitting', false),
    sourcemap: flagAt(build, 'Sourcemap', false),
    sourcesContent: flagAt(build, 'SourcesContent', true),
    external: textsAt(build, 'External'),
    mainFields: textAt(build, 'MainFields')?.split(',') ?? [],
    outExtension: pairs(textsAt(build, 'OutExtension')),
    loader: pairs(textsAt(build, 'Loader')),
  };
}

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
const RESERVED =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|LAMBDA_.*|ACCESS_KEY.*|SECRET_ACCESS_KEY|SESSION_TOKEN)|LAMBDA_(TASK_ROOT|RUNTIME_DIR))$/;
const ENVIRONMENT_LIMIT = 4096;

function environmentOf(resource: ResolvedResource): Record<string, string> {
  const variables = Object.entries((at(resource.properties, 'Environment', 'Variables') ?? {}) as Properties);
  const path = ['Environment', 'Variables'];
  const refuse = (name: string | undefined, problem: string): never => {
    throw new StartError(
      `${resource.at(...path, ...(name === undefined ? [] : [name]))}: ${resource.logicalId}: ${problem}`,
    );
  };
  for (const [name] of variables) {
    if (!/^[a-zA-Z]\w+$/.test(name))
      refuse(name, `${name} is not a name for an environment variable: use letters, digits and _`);
    if (RESERVED.test(name))
      refuse(name, `the environment variable ${name} is set by Lambda itself: choose another name`);
  }
  const environment = variables.map(([name, value]) => [name, String(value)] as const);
  const size = environment.reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  if (size > ENVIRONMENT_LIMIT)
    refuse(undefined, `the environment has ${size} bytes, over Lambda's limit of ${ENVIRONMENT_LIMIT}`);
  return Object.fromEntries(environment);
}

const DESTINATIONS: Readonly<Record<string, NonNullable<FunctionAsync['onFailure']>['type']>> = {
  S3Bucket: 's3',
  SNS: 'sns',
  SQS: 'sqs',
  Lambda: 'lambda',
};

function asyncOf({ properties }: ResolvedResource): FunctionAsync {
  const type =
    DESTINATIONS[String(at(properties, 'EventInvokeConfig', 'DestinationConfig', 'OnFailure', 'Type'))];
  const arn = at(properties, 'EventInvokeConfig', 'DestinationConfig', 'OnFailure', 'Destination');
  return {
    maximumRetryAttempts: numberAt(properties, 2, 'EventInvokeConfig', 'MaximumRetryAttempts'),
    maximumEventAgeSeconds: numberAt(properties, 21_600, 'EventInvokeConfig', 'MaximumEventAgeInSeconds'),
    ...(type !== undefined && { onFailure: { type, arn: String(arn) } }),
  };
}

/** `functions/ingest.handler` in its parts. @throws StartError */
function handlerOf({ logicalId, properties, at: placeOf }: ResolvedResource) {
  const [, handlerFile, handlerName] = /^(?:\.\/)?(.+)\.([^./]+)$/.exec(textAt(properties, 'Handler')!) ?? [];
  if (handlerFile === undefined || handlerName === undefined)
    throw new StartError(`${placeOf('Handler')}: ${logicalId}: Handler must be of the form file.function`);
  return { handlerFile, handlerName };
}

function specOf(template: ResolvedTemplate, resource: ResolvedResource): FunctionSpec {
  const templateFolder = dirname(template.file);
  const { logicalId, name, arn, properties } = resource;
  const { handlerFile, handlerName } = handlerOf(resource);
  const folder = resolve(templateFolder, textAt(properties, 'CodeUri') ?? '.');
  const plainCode = plainCodeOf(resource, handlerFile, folder, template.file);
  const entryPoint =
    plainCode?.entryPoint ??
    entryPointOf(
      resource,
      textsAt(at(resource.metadata, 'BuildProperties'), 'EntryPoints'),
      handlerFile,
      folder,
    );
  const layerRoots = layerRootsOf(template, resource, templateFolder);
  const reservedConcurrency = properties['ReservedConcurrentExecutions'];
  return {
    logicalId,
    name,
    arn,
    entryPoint,
    ...(plainCode && { plain: plainCode.plain }),
    ...(layerRoots.length > 0 && { layerRoots }),
    handlerFile,
    handlerName,
    runtime: String(properties['Runtime']),
    role: textAt(properties, 'Role') ?? `arn:aws:iam::${template.accountId}:role/${name}Role`,
    environment: environmentOf(resource),
    timeoutSeconds: numberAt(properties, 3, 'Timeout'),
    memoryMb: numberAt(properties, 128, 'MemorySize'),
    ...(reservedConcurrency !== undefined && { reservedConcurrency: Number(reservedConcurrency) }),
    build: buildOf(resource),
    async: asyncOf(resource),
    declaredAt: resource.at(),
  };
}

/**
 * Every function of the template.
 * @throws StartError with the template line, for an entry point that does not exist, a handler that no entry point
 *   builds, and an environment that Lambda would refuse.
 */
export function functionsOf(template: ResolvedTemplate): FunctionSpec[] {
  return readAll(template.ofType('AWS::Serverless::Function'), (resource) => specOf(template, resource));
}
