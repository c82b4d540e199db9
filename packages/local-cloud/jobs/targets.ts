// Finds the things of a job: those that it names, and those in the groups that it names or below them.

import { AwsError } from '../aws-error.ts';
import { invalid } from '../iot/api-request.ts';
import type { RegistryView, Thing } from '../iot/registry.ts';

/** https://docs.aws.amazon.com/general/latest/gr/iot-device-management.html */
const MOST_TARGETS = 100;

function nameIn(registry: RegistryView, kind: 'thing' | 'thinggroup', arn: string): string | undefined {
  const prefix = registry.arn(`${kind}/`);
  return arn.startsWith(prefix) ? arn.slice(prefix.length) : undefined;
}

/** @throws AwsError ResourceNotFoundException for a target that is not a thing or group of this account and region. */
export function checkTargets(registry: RegistryView, targets: readonly string[]): void {
  if (targets.length === 0 || targets.length > MOST_TARGETS)
    throw invalid(`targets must be a list of 1 to ${MOST_TARGETS} ARNs of things or thing groups`);
  for (const arn of targets) {
    const isThere =
      registry.things.has(nameIn(registry, 'thing', arn) ?? '') ||
      registry.groups.has(nameIn(registry, 'thinggroup', arn) ?? '');
    if (!isThere) throw new AwsError('ResourceNotFoundException', `Target ${arn} cannot be found`, 404);
  }
}

function isWithin(registry: RegistryView, group: string, wanted: ReadonlySet<string>): boolean {
  for (let name: string | undefined = group; name !== undefined; name = registry.groups.get(name)?.parent)
    if (wanted.has(name)) return true;
  return false;
}

/** The things that are targets now. */
export function thingsOf(registry: RegistryView, targets: readonly string[]): Thing[] {
  const groups = new Set(targets.flatMap((arn) => nameIn(registry, 'thinggroup', arn) ?? []));
  const names = new Set(targets.flatMap((arn) => nameIn(registry, 'thing', arn) ?? []));
  return [...registry.things.values()].filter(
    (thing) => names.has(thing.name) || thing.groups.some((group) => isWithin(registry, group, groups)),
  );
}
