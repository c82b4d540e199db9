// Shared parts of the bill's lines: prices, units and months.

export interface Prices {
  readonly date: string;
  readonly iot: {
    readonly connectionMillionMinutes: number;
    readonly messageMillion: readonly { readonly upToMillion?: number; readonly price: number }[];
    readonly ruleMillion: number;
    readonly actionMillion: number;
    readonly unitKB: number;
  };
  readonly firehose: { readonly gb: number; readonly unitKB: number };
  readonly kinesis: { readonly shardHour: number; readonly putMillion: number; readonly unitKB: number };
  readonly lambda: { readonly requestMillion: number; readonly gbSecondArm64: number };
  readonly dynamodb: {
    readonly writeMillion: number;
    readonly readMillion: number;
    readonly storageGBMonth: number;
    readonly backupGBMonth: number;
    readonly freeGB: number;
  };
  readonly s3: {
    readonly putThousand: number;
    readonly getThousand: number;
    readonly storageGBMonth: number;
  };
  readonly cloudwatch: { readonly logGB: number; readonly metricMonth: number; readonly alarmMonth: number };
  readonly sqs: { readonly requestMillion: number };
  readonly kms: { readonly keyMonth: number };
}

export interface Line {
  readonly service: string;
  readonly what: string;
  readonly dollars: number;
  readonly kind: Kind;
}

/** The cost of ingesting readings, of storing data, or of an idle stack. */
export type Kind = 'ingest' | 'storage' | 'fixed';

export const HOURS = 730;
export const SECONDS = HOURS * 3600;
export const GB = 1024 ** 3;
export const KB = 1024;

export const units = (bytes: number, unitKB: number) => Math.max(1, Math.ceil(bytes / (unitKB * KB)));
