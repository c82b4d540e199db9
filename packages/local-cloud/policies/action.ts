// The actions that a policy of AWS IoT may have; any other is a typing error, which would allow or deny nothing.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-actions.html

const NAMED: Readonly<Record<string, readonly string[]>> = {
  iot: [
    ...['Connect', 'Publish', 'Subscribe', 'Receive', 'RetainPublish'],
    ...['GetRetainedMessage', 'ListRetainedMessages'],
    ...['DeleteConnection', 'GetConnection', 'ListSubscriptions', 'SendDirectMessage'],
    ...['GetThingShadow', 'UpdateThingShadow', 'DeleteThingShadow', 'ListNamedShadowsForThing'],
    ...['DescribeJobExecution', 'GetPendingJobExecutions', 'UpdateJobExecution'],
    ...['StartNextPendingJobExecution', 'AssumeRoleWithCertificate'],
    // The kit of AWS's first steps writes it beside Publish. No request asks for it: retaining asks for RetainPublish.
    'PublishRetain',
  ],
  iotjobsdata: [
    ...['DescribeJobExecution', 'GetPendingJobExecutions', 'UpdateJobExecution'],
    ...['StartNextPendingJobExecution', 'StartCommandExecution'],
  ],
};

const ACTIONS = Object.entries(NAMED).flatMap(([service, names]) =>
  names.map((name) => `${service}:${name}`),
);

/** The edit distance: letters to add, drop or replace until both texts are equal. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, n) => n);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const replaced = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}

/**
 * @param text an action as a policy writes it, of at most 128 characters; * and ? are wildcards
 * @param covers whether it covers an action, in lower case
 * @returns a similar action, or '' when none is similar; undefined when the action is known
 */
export function unknownAction(text: string, covers: (action: string) => boolean): string | undefined {
  const lower = text.toLowerCase();
  // Greengrass has its own actions, and AWS has no list of those for devices.
  if (lower === '*' || lower.startsWith('greengrass:')) return undefined;
  if (ACTIONS.some((action) => covers(action.toLowerCase()))) return undefined;
  const near = ACTIONS.map((action) => ({ action, steps: distance(lower, action.toLowerCase()) })).toSorted(
    (a, b) => a.steps - b.steps,
  )[0]!;
  return near.steps <= 3 ? near.action : '';
}
