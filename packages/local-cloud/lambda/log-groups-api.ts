// CloudWatch Logs on the AWS port: reads of what functions and rules logged, from their files.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html

import { readFile } from 'node:fs/promises';
import { AwsError } from '../aws-error.ts';
import { createJsonHandler, type Input, type JsonOperation } from '../aws/json-protocol.ts';
import type { AwsHandler } from '../aws/wire.ts';
import type { MadeLogGroups } from '../rules/made-log-groups.ts';
import { readFilterPattern } from './filter-pattern.ts';

/** A log group and the file behind it; with `.1` behind its name, the file before. */
export interface LogGroup {
  readonly name: string;
  readonly arn: string;
  readonly file: string;
  /** Whether its lines are events as JSON, or what a function printed. */
  readonly isJson: boolean;
}

interface Event {
  readonly timestamp: number;
  readonly message: string;
}

interface Cloud {
  /** Of functions and of the template. */
  readonly groups: readonly LogGroup[];
  /** Those that clients created. */
  readonly made: MadeLogGroups;
  readonly startedAt: number;
}

const groupsOf = async ({ groups, made }: Cloud): Promise<LogGroup[]> => {
  const known = new Set(groups.map(({ name }) => name));
  return [...groups, ...(await made.list()).filter(({ name }) => !known.has(name))];
};

const invalid = (message: string) => new AwsError('InvalidParameterException', message);
/** One machine writes each group as one stream. */
const STREAM = 'local';
const MOST_EVENTS = 10_000;
const MOST_GROUPS = 50;

async function linesOf(file: string): Promise<string[]> {
  const texts = await Promise.all(
    [`${file}.1`, file].map((name) =>
      readFile(name, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      }),
    ),
  );
  return texts
    .join('')
    .split('\n')
    .filter((line) => line !== '');
}

function jsonEvent(line: string, before: number): Event {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return { timestamp: before, message: line }; // a crash cut it off
  }
}

/** A line without a time of its own, such as START, has that of the next with one, or of the last. */
function timed(lines: readonly string[], startedAt: number): Event[] {
  const times = lines.map((line) => Date.parse(/^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z/.exec(line)?.[0] ?? ''));
  const events: Event[] = [];
  let next = 0;
  let last = startedAt;
  for (const [index, message] of lines.entries()) {
    if (next <= index) {
      const found = message.startsWith('START')
        ? times.findIndex((time, at) => at >= index && !Number.isNaN(time))
        : index;
      next = found === -1 ? index + 1 : found + 1;
      const time = times[found === -1 ? index : found];
      if (time !== undefined && !Number.isNaN(time)) last = time;
    } else if (!Number.isNaN(times[index])) last = times[index]!;
    events.push({ timestamp: last, message });
  }
  return events;
}

async function eventsOf({ file, isJson }: LogGroup, startedAt: number): Promise<Event[]> {
  const lines = await linesOf(file);
  if (!isJson) return timed(lines, startedAt);
  let before = startedAt;
  return lines.map((line) => {
    const event = jsonEvent(line, before);
    before = event.timestamp;
    return event;
  });
}

async function groupOf(cloud: Cloud, input: Input): Promise<LogGroup> {
  const name = input['logGroupName'] ?? input['logGroupIdentifier'];
  const found = (await groupsOf(cloud)).find(
    (group) => group.name === name || group.arn === name || `${group.arn}:*` === name,
  );
  if (found) return found;
  throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
}

const within = (input: Input) => {
  const [start, end] = [Number(input['startTime'] ?? 0), Number(input['endTime'] ?? Infinity)];
  return ({ timestamp }: Event) => timestamp >= start && timestamp < end;
};

function tokenOf(input: Input): number | undefined {
  const token = textOf(input, 'nextToken');
  if (token === '') return undefined;
  const [, at] = /^[fb]?\/?(\d{1,12})$/.exec(token) ?? [];
  if (at === undefined) throw invalid('The specified nextToken is invalid.');
  return Number(at);
}

/** Text of the input, empty where it is absent. */
function textOf(input: Input, name: string): string {
  const value = input[name] ?? '';
  if (typeof value === 'string') return value;
  throw invalid(`${name} must be text`);
}

const limitOf = (input: Input) => Math.min(Number(input['limit'] ?? MOST_EVENTS), MOST_EVENTS);

const operations: Readonly<Record<string, JsonOperation<Cloud>>> = {
  DescribeLogGroups: {
    accepts: ['logGroupNamePrefix', 'logGroupNamePattern', 'limit', 'nextToken'],
    async run(cloud, input) {
      const { startedAt } = cloud;
      const [prefix, pattern] = [textOf(input, 'logGroupNamePrefix'), textOf(input, 'logGroupNamePattern')];
      const wanted = (await groupsOf(cloud))
        .filter(({ name }) => name.startsWith(prefix) && name.includes(pattern))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const start = tokenOf(input) ?? 0;
      const end = start + Number(input['limit'] ?? MOST_GROUPS);
      return {
        logGroups: wanted.slice(start, end).map(({ name, arn }) => ({
          ...{ logGroupName: name, arn: `${arn}:*`, logGroupArn: arn, creationTime: startedAt },
          ...{ metricFilterCount: 0, storedBytes: 0, logGroupClass: 'STANDARD' },
        })),
        nextToken: end < wanted.length ? String(end) : undefined,
      };
    },
  },
  CreateLogGroup: {
    accepts: ['logGroupName', 'logGroupClass'],
    async run(cloud, input) {
      const name = textOf(input, 'logGroupName');
      if ((await groupsOf(cloud)).some((group) => group.name === name))
        throw new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists');
      await cloud.made.create(name);
      return undefined;
    },
  },
  DeleteLogGroup: {
    accepts: ['logGroupName'],
    async run(cloud, input) {
      const { name } = await groupOf(cloud, input);
      if (cloud.groups.some((group) => group.name === name)) {
        const message = `The template declares log group ${name}, or its function: change it there`;
        throw new AwsError('OperationAbortedException', message);
      }
      await cloud.made.delete(name);
      return undefined;
    },
  },
  DescribeLogStreams: {
    accepts: [
      ...['logGroupName', 'logGroupIdentifier', 'logStreamNamePrefix', 'orderBy', 'descending', 'limit'],
      'nextToken',
    ],
    async run(cloud, input) {
      const group = await groupOf(cloud, input);
      const events = await eventsOf(group, cloud.startedAt);
      if (events.length === 0 || !STREAM.startsWith(textOf(input, 'logStreamNamePrefix')))
        return { logStreams: [] };
      const [first, last] = [events[0]!.timestamp, events.at(-1)!.timestamp];
      return {
        logStreams: [
          {
            ...{ logStreamName: STREAM, creationTime: first, firstEventTimestamp: first },
            ...{
              lastEventTimestamp: last,
              lastIngestionTime: last,
              arn: `${group.arn}:log-stream:${STREAM}`,
            },
          },
        ],
      };
    },
  },
  FilterLogEvents: {
    accepts: [
      ...['logGroupName', 'logGroupIdentifier', 'logStreamNames', 'logStreamNamePrefix', 'filterPattern'],
      ...['startTime', 'endTime', 'limit', 'nextToken', 'interleaved'],
    ],
    async run(cloud, input) {
      const group = await groupOf(cloud, input);
      const matches = readFilterPattern(textOf(input, 'filterPattern'));
      const events = (await eventsOf(group, cloud.startedAt)).map((event, index) => ({ ...event, index }));
      const wanted = events.filter(within(input)).filter(({ message }) => matches(message));
      const start = tokenOf(input) ?? 0;
      const end = start + limitOf(input);
      return {
        events: wanted.slice(start, end).map(({ timestamp, message, index }) => ({
          ...{ logStreamName: STREAM, timestamp, message, ingestionTime: timestamp },
          eventId: String(index).padStart(20, '0'),
        })),
        searchedLogStreams: [],
        nextToken: end < wanted.length ? String(end) : undefined,
      };
    },
  },
  GetLogEvents: {
    accepts: [
      ...['logGroupName', 'logGroupIdentifier', 'logStreamName', 'startTime', 'endTime', 'limit'],
      ...['startFromHead', 'nextToken'],
    ],
    async run(cloud, input) {
      const group = await groupOf(cloud, input);
      if (input['logStreamName'] !== STREAM)
        throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
      const wanted = (await eventsOf(group, cloud.startedAt)).filter(within(input));
      const limit = limitOf(input);
      const isBackward = textOf(input, 'nextToken').startsWith('b');
      const at = tokenOf(input) ?? (input['startFromHead'] === true ? 0 : Math.max(wanted.length - limit, 0));
      const start = isBackward ? Math.max(at - limit, 0) : at;
      const end = isBackward ? at : Math.min(start + limit, wanted.length);
      return {
        events: wanted.slice(start, end).map((event) => ({ ...event, ingestionTime: event.timestamp })),
        nextForwardToken: `f/${end}`,
        nextBackwardToken: `b/${start}`,
      };
    },
  },
};

const service = {
  name: 'CloudWatch Logs',
  targetPrefix: 'Logs_20140328.',
  operations,
  longestBody: 65_536,
  invalid: 'InvalidParameterException',
};

export const createLogsHandler = (cloud: Cloud): AwsHandler => createJsonHandler(service, cloud);
