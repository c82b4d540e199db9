// Reads CloudWatch's embedded metric format out of a function's output, as CloudWatch Logs does on AWS.

import { parseJsonLine } from './json-line.ts';

/**
 * Called once for each value and each dimension set that the metric is declared under, so a metric with a total and a
 * breakdown is reported for both: `dimensions` tells them apart.
 */
export type OnMetric = (
  namespace: string,
  name: string,
  value: number,
  dimensions: Readonly<Record<string, string>>,
  unit?: string,
) => void;

interface Directive {
  Namespace?: unknown;
  Dimensions?: unknown;
  Metrics?: unknown;
}

const asArray = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function dimensionsOf(document: Record<string, unknown>, names: unknown): Record<string, string> {
  const known = asArray(names).filter(
    (name): name is string => typeof name === 'string' && Object.hasOwn(document, name),
  );
  return Object.fromEntries(known.map((name) => [name, String(document[name])]));
}

function valuesOf(document: Record<string, unknown>, name: string): number[] {
  const value = Object.hasOwn(document, name) ? document[name] : undefined;
  return (Array.isArray(value) ? value : [value]).filter((each): each is number => Number.isFinite(each));
}

/**
 * Reports the metrics of one line of output; a line without any costs one text search.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function readMetrics(line: string, onMetric: OnMetric): void {
  if (!line.includes('"_aws"') || !line.includes('"CloudWatchMetrics"')) return;
  const document = parseJsonLine(line);
  const header = document?.['_aws'] as { CloudWatchMetrics?: unknown } | null | undefined;
  if (!document || !header) return;
  for (const directive of asArray(header.CloudWatchMetrics) as (Directive | null)[]) {
    if (typeof directive?.Namespace !== 'string') continue;
    const sets = asArray(directive.Dimensions).map((names) => dimensionsOf(document, names));
    for (const metric of asArray(directive.Metrics) as ({ Name?: unknown; Unit?: unknown } | null)[]) {
      if (typeof metric?.Name !== 'string') continue;
      const unit = typeof metric.Unit === 'string' ? metric.Unit : undefined;
      for (const value of valuesOf(document, metric.Name)) {
        for (const dimensions of sets.length > 0 ? sets : [{}]) {
          onMetric(directive.Namespace, metric.Name, value, dimensions, unit);
        }
      }
    }
  }
}
