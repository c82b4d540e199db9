// The template for the services of the local cloud: without intrinsics and conditions, with the place of everything.

export interface ResolvedResource {
  readonly logicalId: string;
  readonly type: string;
  /** Without intrinsics. A value that comes from a parameter is text, whatever the type of the parameter. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Physical name of the bucket, table, function, rule, stream ... */
  readonly name: string;
  readonly arn: string;
  /** The value of `Ref`: the name, or the ARN of a topic. */
  readonly ref: string;
  /**
   * The place of a property, such as `template.yaml:123`; of an absent one, the nearest place that contains it. A path that
   * begins with `Metadata` leads there.
   */
  readonly at: (...path: readonly (string | number)[]) => string;
}

export interface ResolvedTemplate {
  /** Absolute path. */
  readonly file: string;
  readonly stackName: string;
  readonly region: string;
  readonly accountId: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Names of parameters that are never shown (`NoEcho`). */
  readonly hiddenParameters: ReadonlySet<string>;
  /** By logical id, in the order of the template; without those whose condition is false. */
  readonly resources: ReadonlyMap<string, ResolvedResource>;
  ofType(type: string): ResolvedResource[];
  readonly outputs: Readonly<Record<string, string>>;
}
