// An identity pool over a user pool: which tokens it takes, which role a user gets, and what stops the start.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { userPoolOf } from '../../cognito/user-pool.ts';
import { poolsOf } from '../../cognito/pools.ts';
import { loadPool } from '../login/pool-fixture.ts';
import { openFixture, start, type Fixture } from './cognito-fixture.ts';
import { mint, type Minting } from './id-token.ts';

const open = () => openFixture({ template: loadPool() });

async function getId({ cognito, call, poolId }: Fixture, token: string, provider?: string) {
  const { users } = cognito.userPool!;
  const Logins = { [provider ?? users.pool.provider]: token };
  const { status, body } = await call('GetId', { IdentityPoolId: poolId, Logins });
  return { status, id: body['IdentityId'], message: (body['message'] ?? '') as string };
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const partsOf = (token: string) => token.split('.') as [string, string, string];

const ownKey = () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ format: 'jwk' }) as Record<string, unknown>;
};

const minted: readonly (readonly [string, Omit<Minting, 'now'> & { readonly now?: number }, string])[] = [
  ['signed by another key', { key: ownKey() }, "Couldn't verify signed token."],
  ['for another client', { claims: { aud: 'other' } }, 'Incorrect token audience.'],
  ['for nobody', { claims: { aud: undefined } }, 'Incorrect token audience.'],
  [
    'of another user pool',
    { claims: { iss: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other' } },
    'Issuer does not match the provider.',
  ],
  ['that is over', { now: start - 3_601_000 }, 'Token expired.'],
  ['without an end', { claims: { exp: undefined } }, "Couldn't verify signed token."],
  ['not valid yet', { claims: { nbf: start / 1000 + 600 } }, "Couldn't verify signed token."],
  ['for access', { claims: { token_use: 'access' } }, 'The token is not an ID token.'],
  ['without its use', { claims: { token_use: undefined } }, 'The token is not an ID token.'],
  [
    'of a user who was removed',
    { claims: { sub: '00000000-0000-4000-8000-000000000009' } },
    'The user does not exist.',
  ],
];

test('a token that the user pool did not make, or not for this, is refused with the reason', async () => {
  const fixture = await open();
  const service = fixture.cognito.userPool!;
  const { user } = await fixture.member('readers');
  for (const [what, how, message] of minted) {
    const token = await mint(service, user, { now: start, ...how });
    assert.deepEqual(
      await getId(fixture, token),
      { status: 400, id: undefined, message: `Invalid login token. ${message}` },
      what,
    );
  }
});

test('a token without a signature, or signed by a shared secret, is refused', async () => {
  const fixture = await open();
  const { publicJwk } = await fixture.cognito.userPool!.key();
  const { idToken } = await fixture.member('readers');
  const [header, claims, signature] = partsOf(idToken);
  const none = encode({ alg: 'none' });
  const shared = encode({ alg: 'HS256', kid: publicJwk['kid'] });
  const bySecret = createHmac('sha256', JSON.stringify(publicJwk))
    .update(`${shared}.${claims}`)
    .digest('base64url');
  const raised = encode({
    ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object),
    'cognito:groups': ['editors'],
  });
  for (const token of [
    `${none}.${claims}.`,
    `${none}.${claims}.${signature}`,
    `${shared}.${claims}.${bySecret}`,
    `${header}.${raised}.${signature}`,
    `${header}.${claims}`,
    'x',
    'x'.repeat(9_000),
  ]) {
    const { status, message } = await getId(fixture, token);
    assert.equal(status, 400, token.slice(0, 40));
    assert.match(message, /^Invalid login token\. /);
  }
  assert.match(
    (await getId(fixture, idToken, 'accounts.google.com')).message,
    /not from a supported provider/,
  );
  assert.equal((await getId(fixture, idToken)).status, 200);
});

test('a user has always the same identity, and another user another', async () => {
  const fixture = await open();
  const [ann, bob] = [await fixture.member('readers'), await fixture.member('readers')];
  assert.equal((await getId(fixture, ann.idToken)).id, ann.identityId);
  assert.notEqual(ann.identityId, bob.identityId);
  const { users } = fixture.cognito.userPool!;
  const Logins = { [users.pool.provider]: bob.idToken };
  const { status } = await fixture.call('GetCredentialsForIdentity', { IdentityId: ann.identityId, Logins });
  assert.equal(status, 400);
});

for (const [groups, role] of [
  [['readers'], 'tidegate-ReaderRole'],
  [['readers', 'editors'], 'tidegate-EditorRole'],
  [['twins', 'readers'], 'tidegate-ReaderRole'],
  [['editors', 'twins'], undefined],
  [[], undefined],
] as const) {
  test(`groups ${groups.join(' and ') || 'none'} give ${role ?? 'no role'}`, async () => {
    const fixture = await open();
    if (role === undefined) {
      await assert.rejects(fixture.member(...groups), /the groups of the user give no role/);
      return;
    }
    const { accessKeyId, sessionToken, user } = await fixture.member(...groups);
    const session = fixture.cognito.credentials.open(accessKeyId, sessionToken);
    assert.ok('role' in session);
    const { provider } = fixture.cognito.userPool!.users.pool;
    assert.equal(session.role, `arn:aws:iam::000000000000:role/${role}`);
    assert.deepEqual(session.amr, [provider, `${provider}:CognitoSignIn:${user.sub}`]);
  });
}

test('the account adds a user, sets a password, and puts it into groups', async () => {
  const fixture = await open();
  const { users } = fixture.cognito.userPool!;
  const ask = async (operation: string, input: object) => {
    const response = await fetch(fixture.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20261120/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=00',
      },
      body: JSON.stringify({ UserPoolId: users.pool.id, ...input }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
    };
  };
  const Username = 'Ann@Example.com';
  assert.equal((await ask('AdminCreateUser', { Username, MessageAction: 'SUPPRESS' })).status, 200);
  assert.equal(
    (await ask('AdminCreateUser', { Username, MessageAction: 'SUPPRESS' })).body['__type'],
    'UsernameExistsException',
  );
  const weak = await ask('AdminSetUserPassword', { Username, Password: 'short', Permanent: true });
  assert.equal(weak.body['__type'], 'InvalidPasswordException');
  assert.equal(
    (await ask('AdminSetUserPassword', { Username, Password: 'long enough 1', Permanent: true })).status,
    200,
  );
  assert.equal((await ask('CreateGroup', { GroupName: 'site-seattle' })).status, 200);
  for (const GroupName of ['readers', 'site-seattle'])
    assert.equal((await ask('AdminAddUserToGroup', { Username, GroupName })).status, 200);
  const { sub } = users.find('ann@example.com')!;
  const { body } = await ask('AdminListGroupsForUser', { Username: sub });
  assert.deepEqual(
    (body['Groups'] as { GroupName: string }[]).map(({ GroupName }) => GroupName),
    ['readers', 'site-seattle'],
  );
  assert.equal((await users.check('ANN@example.com', 'long enough 1'))?.sub, sub);
  assert.equal(await users.check('ann@example.com', 'long enough 2'), undefined);
  assert.equal((await ask('AdminDeleteUser', { Username })).status, 200);
  assert.equal((await ask('AdminListGroupsForUser', { Username })).body['__type'], 'UserNotFoundException');
});

test('a declaration that cannot work stops the start, with the line', () => {
  const refusals: readonly (readonly [Record<string, string>, RegExp])[] = [
    [
      { 'Type: Token': 'Type: Rules' },
      /template\.yaml:\d+: Roles: the local cloud maps roles by the Type Token/,
    ],
    [
      { 'AmbiguousRoleResolution: Deny': 'AmbiguousRoleResolution: Maybe' },
      /must be Deny or AuthenticatedRole/,
    ],
    [
      { 'ClientId: !Ref Page': 'ClientId: other' },
      /template\.yaml:\d+: Pool: other is not a client of the user pool/,
    ],
    [
      { 'ProviderName: !GetAtt People.ProviderName': 'ProviderName: x' },
      /x is not a user pool of this template/,
    ],
    [
      { 'http://localhost:8080/back': 'http://page.example/' },
      /template\.yaml:\d+: Page: http:\/\/page\.example\/ must begin with https/,
    ],
    [{ 'IdTokenValidity: 15': 'IdTokenValidity: 1' }, /five minutes at least/],
    [
      { 'RoleArn: !GetAtt EditorRole.Arn': 'RoleArn: arn:aws:iam::1:role/x' },
      /Editors: arn:aws:iam::1:role\/x is not a role of this template/,
    ],
    [{ 'AllowAdminCreateUserOnly: true': 'AllowAdminCreateUserOnly: false' }, /AllowAdminCreateUserOnly/],
    [{ 'GenerateSecret: false': 'GenerateSecret: true' }, /GenerateSecret/],
  ];
  for (const [change, message] of refusals) {
    assert.throws(
      () => {
        const template = loadPool(change);
        poolsOf(template, userPoolOf(template));
      },
      (error: Error) =>
        message.test(error.message) || assert.fail(`${error.message} is not ${String(message)}`),
    );
  }
});
