// `npm run user -- add ann@example.com --group viewer`: manages who may log in to the dashboard, and their groups.

import { randomBytes } from 'node:crypto';
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminListGroupsForUserCommand,
  AdminRemoveUserFromGroupCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  CreateGroupCommand,
  GroupExistsException,
  ListUsersCommand,
  UsernameExistsException,
} from '@aws-sdk/client-cognito-identity-provider';
import { accessOf, GROUPS, SITE_PREFIX } from '../core/access.ts';
import { CommandError, runCommand } from './command-error.ts';
import { findStack, isRefused, notRunning } from './running-stack.ts';
import { parseFlags } from './flags.ts';
import { formatOf, FORMATS, listing, type Column } from './listing.ts';

const USAGE = `usage: npm run user
         lists the users and their groups
       npm run user -- add EMAIL --group ${GROUPS.join('|')} [--site SITE ...]
         adds a user, or changes an existing user's groups; with --site, the
         user sees only these sites
       npm run user -- password EMAIL
         sets a new password
       npm run user -- remove EMAIL
         takes effect within a minute; live data ends with its connection
       --format ${FORMATS.join('|')}.
       --data-dir DIR: of the running local cloud (.tidegate).
       --user-pool ID: a stack on AWS (its output DashboardUsers), with the
       credentials and the region of the AWS CLI's configuration; Cognito then
       mails the first password.`;

const TEXT = { type: 'string' } as const;
const FLAGS = {
  'data-dir': { ...TEXT, default: '.tidegate' },
  'user-pool': TEXT,
  /** The default without --user-pool; accepted because other commands require it. */
  local: { type: 'boolean', default: false },
  group: TEXT,
  site: { ...TEXT, multiple: true },
  format: { ...TEXT, default: 'table' },
} as const;

interface Pool {
  readonly client: CognitoIdentityProviderClient;
  readonly UserPoolId: string;
  readonly isLocal: boolean;
}

const PASSWORD_BYTES = 15;

function openPool(flags: { 'data-dir': string; 'user-pool'?: string | undefined }): Pool {
  const UserPoolId = flags['user-pool'];
  if (UserPoolId !== undefined) {
    const region = UserPoolId.split('_', 1)[0]!;
    if (!/^[a-z]{2}(-[a-z]+)+-\d_\w+$/.test(UserPoolId))
      throw new CommandError(`--user-pool ${UserPoolId}: must be an ID such as eu-west-1_AbCdEfGhI`);
    return { client: new CognitoIdentityProviderClient({ region }), UserPoolId, isLocal: false };
  }
  const found = findStack(flags['data-dir']);
  if ('problem' in found) throw new CommandError(`${found.problem}; for AWS give --user-pool`);
  const { aws, outputs } = found;
  const id = outputs['DashboardUsers'];
  if (id === undefined)
    throw new CommandError(
      `the stack of ${flags['data-dir']} has no DashboardUsers: start with WithUserPool=true`,
    );
  const client = new CognitoIdentityProviderClient({
    endpoint: aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  return { client, UserPoolId: id, isLocal: true };
}

async function groupsOf({ client, UserPoolId }: Pool, Username: string): Promise<string[]> {
  const { Groups = [] } = await client.send(new AdminListGroupsForUserCommand({ UserPoolId, Username }));
  return Groups.flatMap(({ GroupName }) => GroupName ?? []);
}

interface Listed {
  readonly email: string;
  readonly groups: readonly string[];
}

const COLUMNS: readonly Column<Listed>[] = [
  { title: 'user', value: ({ email }) => email, isWhole: true },
  { title: 'group', value: ({ groups }) => accessOf(groups)?.group ?? 'none' },
  { title: 'sites', value: ({ groups }) => accessOf(groups)?.sites?.join(', ') ?? 'all' },
];

async function list(pool: Pool): Promise<Listed[]> {
  const { client, UserPoolId } = pool;
  const found: Listed[] = [];
  let PaginationToken: string | undefined;
  do {
    const query = { UserPoolId, ...(PaginationToken !== undefined && { PaginationToken }) };
    const page = await client.send(new ListUsersCommand(query));
    for (const { Username = '', Attributes = [] } of page.Users ?? []) {
      const email = Attributes.find(({ Name }) => Name === 'email')?.Value ?? Username;
      found.push({ email, groups: await groupsOf(pool, Username) });
    }
    ({ PaginationToken } = page);
  } while (PaginationToken !== undefined);
  return found.sort((a, b) => (a.email < b.email ? -1 : 1));
}

/** On AWS, users choose their own password; the local one is shown once. */
async function setPassword({ client, UserPoolId, isLocal }: Pool, Username: string): Promise<string> {
  if (!isLocal)
    throw new CommandError('on AWS, users set a new password on the login page with "Forgot your password?"');
  const Password = randomBytes(PASSWORD_BYTES).toString('base64url');
  await client.send(new AdminSetUserPasswordCommand({ UserPoolId, Username, Password, Permanent: true }));
  return `password: ${Password}`;
}

/** @returns whether the user is new. */
async function create({ client, UserPoolId, isLocal }: Pool, Username: string): Promise<boolean> {
  const UserAttributes = [
    { Name: 'email', Value: Username },
    { Name: 'email_verified', Value: 'true' },
  ];
  try {
    await client.send(
      new AdminCreateUserCommand({
        ...{ UserPoolId, Username, UserAttributes },
        ...(isLocal
          ? { MessageAction: 'SUPPRESS' as const }
          : { DesiredDeliveryMediums: ['EMAIL' as const] }),
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof UsernameExistsException) return false;
    throw error;
  }
}

/** Removes rights before it adds others, so that a user never has more than before or after. */
async function setGroups(pool: Pool, Username: string, wanted: readonly string[]): Promise<void> {
  const { client, UserPoolId } = pool;
  const has = await groupsOf(pool, Username);
  const isOurs = (name: string) =>
    (GROUPS as readonly string[]).includes(name) || name.startsWith(SITE_PREFIX);
  const isSite = (name: string) => name.startsWith(SITE_PREFIX);
  // Site groups restrict, so new ones are added first and old ones removed last.
  const missing = wanted
    .filter((name) => !has.includes(name))
    .sort((a, b) => Number(isSite(b)) - Number(isSite(a)));
  const surplus = has.filter((name) => isOurs(name) && !wanted.includes(name));
  const leave = async (GroupName: string) =>
    client.send(new AdminRemoveUserFromGroupCommand({ UserPoolId, Username, GroupName }));
  for (const name of surplus.filter((each) => !isSite(each))) await leave(name);
  for (const GroupName of missing) {
    if (isSite(GroupName)) await makeGroup(pool, GroupName);
    await client.send(new AdminAddUserToGroupCommand({ UserPoolId, Username, GroupName }));
  }
  for (const name of surplus.filter(isSite)) await leave(name);
}

async function makeGroup({ client, UserPoolId }: Pool, GroupName: string): Promise<void> {
  try {
    await client.send(new CreateGroupCommand({ UserPoolId, GroupName }));
  } catch (error) {
    if (!(error instanceof GroupExistsException)) throw error;
  }
}

async function add(pool: Pool, email: string, group: string | undefined, sites: readonly string[]) {
  if (group === undefined || !(GROUPS as readonly string[]).includes(group))
    throw new CommandError(`--group${group === undefined ? '' : ` ${group}`}: must be ${GROUPS.join(', ')}`);
  const odd = sites.find((site) => !/^[^\s#+/*?$]{1,64}$/.test(site));
  if (odd !== undefined) throw new CommandError(`--site ${odd}: must be a site as in topics, without spaces`);
  const isNew = await create(pool, email);
  await setGroups(pool, email, [group, ...sites.map((site) => SITE_PREFIX + site)]);
  const where = sites.length > 0 ? `, only ${sites.join(', ')}` : '';
  const password = isNew
    ? [pool.isLocal ? await setPassword(pool, email) : 'Cognito mails the first password']
    : [];
  return [`${email}: ${group}${where}`, ...password];
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function run(args: readonly string[]): Promise<readonly string[]> {
  const { values, positionals } = parseFlags(args, FLAGS, USAGE);
  const [verb, email, ...more] = positionals;
  if (values.help) return [USAGE];
  if (verb === undefined)
    return listing(await list(openPool(values)), COLUMNS, { format: formatOf(values.format) });
  if (!['add', 'password', 'remove'].includes(verb))
    throw new CommandError(`${verb} is not a command (add, password or remove); ${USAGE}`);
  if (email === undefined || more.length > 0) throw new CommandError(`${verb} takes one EMAIL; ${USAGE}`);
  const pool = openPool(values);
  if (verb === 'add') return add(pool, email, values.group, values.site ?? []);
  if (verb === 'password') return [await setPassword(pool, email)];
  const { client, UserPoolId } = pool;
  await client.send(new AdminDeleteUserCommand({ UserPoolId, Username: email }));
  return [`${email}: removed`];
}

/** Errors of the service are shown as they are, as the user can fix them. */
await runCommand(async (args) => {
  try {
    print(await run(args));
    return 0;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { readonly $metadata?: object };
    if ($metadata === undefined) throw error;
    const { values } = parseFlags(args, FLAGS, USAGE);
    const isGone = isRefused(error) && values['user-pool'] === undefined;
    throw new CommandError(isGone ? notRunning(values['data-dir']) : message || name, { cause: error });
  }
});
