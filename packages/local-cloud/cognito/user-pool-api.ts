// Amazon Cognito user pools on the AWS port: the calls with which the account adds users, puts them into groups and lists them.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_Operations.html

import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import { createJsonHandler, type Input, type JsonOperation } from '../aws/json-protocol.ts';
import type { AwsHandler } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import { byPrecedence } from './group-roles.ts';
import type { PoolGroup } from './user-pool.ts';
import type { User, Users } from './users.ts';

export interface UserPoolCloud {
  readonly users: Users;
  readonly clock: Clock;
}

interface Attribute {
  readonly Name: string;
  readonly Value: string;
}

const MOST_USERS = 1_000;
const MAIL = /^[^@\s]{1,64}@[^@\s]{1,190}$/;
const GROUP = /^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$/u;

const invalid = (message: string) => new AwsError('InvalidParameterException', message);

function textOf(input: Input, name: string, longest = 256): string {
  const value = input[name];
  if (typeof value === 'string' && value.length >= 1 && value.length <= longest) return value;
  throw invalid(`${name} must be a text of 1 to ${longest} characters`);
}

function requirePool({ users }: UserPoolCloud, input: Input): void {
  const id = textOf(input, 'UserPoolId');
  if (id === users.pool.id) return;
  throw new AwsError('ResourceNotFoundException', `User pool ${id} does not exist.`);
}

function findUser(cloud: UserPoolCloud, input: Input): User {
  requirePool(cloud, input);
  const user = cloud.users.find(textOf(input, 'Username'));
  if (!user) throw new AwsError('UserNotFoundException', 'User does not exist.');
  return user;
}

function findGroup(cloud: UserPoolCloud, input: Input): PoolGroup {
  requirePool(cloud, input);
  const group = cloud.users.groups().find(({ name }) => name === textOf(input, 'GroupName'));
  if (!group) throw new AwsError('ResourceNotFoundException', 'Group not found.');
  return group;
}

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000);

const attributesOf = ({ sub, email }: User): Attribute[] => [
  { Name: 'sub', Value: sub },
  { Name: 'email', Value: email },
  { Name: 'email_verified', Value: 'true' },
];

const shownUser = (user: User) => ({
  Username: user.sub,
  UserCreateDate: seconds(user.createdAt),
  UserLastModifiedDate: seconds(user.createdAt),
  Enabled: true,
  UserStatus: user.password === undefined ? 'FORCE_CHANGE_PASSWORD' : 'CONFIRMED',
});

const shownGroup = (pool: string, { name, precedence, roleArn }: PoolGroup) => ({
  GroupName: name,
  UserPoolId: pool,
  ...(precedence !== undefined && { Precedence: precedence }),
  ...(roleArn !== undefined && { RoleArn: roleArn }),
});

async function create(cloud: UserPoolCloud, input: Input): Promise<object> {
  requirePool(cloud, input);
  const email = textOf(input, 'Username').trim().toLowerCase();
  if (!MAIL.test(email)) throw invalid('Username should be an email.');
  if (input['MessageAction'] !== 'SUPPRESS')
    throw invalid('The local cloud invites nobody by mail: give MessageAction SUPPRESS, then set a password');
  if (cloud.users.find(email))
    throw new AwsError('UsernameExistsException', 'An account with the email already exists.');
  if (cloud.users.all().length >= MOST_USERS)
    throw new AwsError('LimitExceededException', `The local cloud keeps ${MOST_USERS} users at most`);
  const given = (input['UserAttributes'] ?? []) as readonly Attribute[];
  const other = given.find(({ Name }) => Name !== 'email' && Name !== 'email_verified');
  if (other) throw invalid(`The local cloud keeps no attribute ${other.Name} of users`);
  const user: User = {
    sub: randomUUID(),
    email,
    groups: [],
    password: undefined,
    createdAt: cloud.clock.now(),
  };
  await cloud.users.put(user);
  return { User: { ...shownUser(user), Attributes: attributesOf(user) } };
}

async function setPassword(cloud: UserPoolCloud, input: Input): Promise<object> {
  const user = findUser(cloud, input);
  const password = textOf(input, 'Password');
  const { leastPassword } = cloud.users.pool;
  if (input['Permanent'] !== true)
    throw invalid('The local cloud knows permanent passwords only: give Permanent');
  if (password.length < leastPassword)
    throw new AwsError(
      'InvalidPasswordException',
      `Password did not conform with policy: Password not long enough: ${leastPassword} characters at least`,
    );
  await cloud.users.put({ ...user, password: await cloud.users.sealed(password) });
  return {};
}

async function join(cloud: UserPoolCloud, input: Input): Promise<object> {
  const [user, { name }] = [findUser(cloud, input), findGroup(cloud, input)];
  if (!user.groups.includes(name)) await cloud.users.put({ ...user, groups: [...user.groups, name] });
  return {};
}

async function leave(cloud: UserPoolCloud, input: Input): Promise<object> {
  const [user, { name }] = [findUser(cloud, input), findGroup(cloud, input)];
  await cloud.users.put({ ...user, groups: user.groups.filter((each) => each !== name) });
  return {};
}

async function createGroup(cloud: UserPoolCloud, input: Input): Promise<object> {
  requirePool(cloud, input);
  const name = textOf(input, 'GroupName', 128);
  if (!GROUP.test(name)) throw invalid('GroupName must have letters, digits and signs, and no blanks');
  if (cloud.users.groups().some((group) => group.name === name))
    throw new AwsError('GroupExistsException', 'A group with the name already exists.');
  const group = { name, precedence: undefined, roleArn: undefined };
  await cloud.users.putGroup(group);
  return { Group: shownGroup(cloud.users.pool.id, group) };
}

function groupsOf(cloud: UserPoolCloud, input: Input): object {
  const { groups } = findUser(cloud, input);
  const found = cloud.users.groups().filter(({ name }) => groups.includes(name));
  return { Groups: found.toSorted(byPrecedence).map((group) => shownGroup(cloud.users.pool.id, group)) };
}

const OF_USER = ['UserPoolId', 'Username'];
const OF_MEMBER = [...OF_USER, 'GroupName'];

const OPERATIONS: Readonly<Record<string, JsonOperation<UserPoolCloud>>> = {
  AdminCreateUser: {
    accepts: [...OF_USER, 'MessageAction', 'UserAttributes'],
    signed: true,
    run: create,
  },
  AdminSetUserPassword: { accepts: [...OF_USER, 'Password', 'Permanent'], signed: true, run: setPassword },
  AdminGetUser: {
    accepts: OF_USER,
    signed: true,
    run(cloud, input) {
      const user = findUser(cloud, input);
      return { ...shownUser(user), UserAttributes: attributesOf(user) };
    },
  },
  AdminDeleteUser: {
    accepts: OF_USER,
    signed: true,
    run: async (cloud, input) => cloud.users.remove(findUser(cloud, input)),
  },
  AdminAddUserToGroup: { accepts: OF_MEMBER, signed: true, run: join },
  AdminRemoveUserFromGroup: { accepts: OF_MEMBER, signed: true, run: leave },
  AdminListGroupsForUser: { accepts: [...OF_USER, 'Limit'], signed: true, run: groupsOf },
  CreateGroup: { accepts: ['UserPoolId', 'GroupName', 'Description'], signed: true, run: createGroup },
  ListGroups: {
    accepts: ['UserPoolId', 'Limit'],
    signed: true,
    run(cloud, input) {
      requirePool(cloud, input);
      const { users } = cloud;
      return { Groups: users.groups().map((group) => shownGroup(users.pool.id, group)) };
    },
  },
  ListUsers: {
    accepts: ['UserPoolId', 'Limit'],
    signed: true,
    run(cloud, input) {
      requirePool(cloud, input);
      return {
        Users: cloud.users.all().map((user) => ({ ...shownUser(user), Attributes: attributesOf(user) })),
      };
    },
  },
};

const SERVICE = {
  name: 'Cognito user pools',
  targetPrefix: 'AWSCognitoIdentityProviderService.',
  operations: OPERATIONS,
  longestBody: 65_536,
  invalid: 'InvalidParameterException',
};

export const createUserPoolHandler = (cloud: UserPoolCloud): AwsHandler => createJsonHandler(SERVICE, cloud);
