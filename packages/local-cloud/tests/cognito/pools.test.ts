// Identity pools that would fail at the first browser stop the start instead, with the template line.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { poolsOf } from '../../cognito/pools.ts';
import { load } from '../template/fixture.ts';

interface Draft {
  readonly trust?: string;
  readonly attached?: string;
  readonly more?: string;
  readonly policy?: string;
}

const fits =
  'StringEquals: { cognito-identity.amazonaws.com:aud: !Ref Pool }, "ForAnyValue:StringLike": { cognito-identity.amazonaws.com:amr: unauthenticated }';

const template = ({
  trust = fits,
  attached = '!GetAtt Role.Arn',
  more = '',
  policy = '',
}: Draft) => `Resources:
  Pool:
    Type: AWS::Cognito::IdentityPool
    Properties: { AllowUnauthenticatedIdentities: true }
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties:
      IdentityPoolId: !Ref Pool
      Roles: { unauthenticated: ${attached} }
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: { Federated: cognito-identity.amazonaws.com }
            Action: sts:AssumeRoleWithWebIdentity
            Condition: { ${trust} }
      Policies:
        - PolicyName: Watch
          PolicyDocument:
            Version: '2012-10-17'
            Statement: [{ Effect: Allow, Action: 'iot:*', Resource: '*'${policy} }]
${more}`;

test('a pool knows its roles, by the stack’s name always the same', () => {
  const [pool] = poolsOf(load(template({}))).values();
  assert.match(pool!.id, /^us-east-1:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(
    pool!.id,
    poolsOf(load(template({})))
      .keys()
      .next().value,
  );
  assert.equal(pool!.name, 'Pool');
  assert.deepEqual(Object.keys(pool!.roles), ['unauthenticated']);
  assert.equal(pool!.roles.unauthenticated?.arn, 'arn:aws:iam::000000000000:role/tidegate-Role');
});

const refusals: readonly (readonly [title: string, draft: Draft, message: RegExp])[] = [
  [
    'a role that trusts another pool',
    { trust: fits.replace('!Ref Pool', 'us-east-1:other') },
    /^template\.yaml:13: Role: does not trust the unauthenticated identities of Pool: allow sts:AssumeRoleWithWebIdentity where .*:aud and :amr fit$/,
  ],
  [
    'a role for who has logged in, given to guests',
    { trust: fits.replace('unauthenticated', 'authenticated') },
    /^template\.yaml:13: Role: does not trust the unauthenticated identities of Pool/,
  ],
  [
    'a trust policy with a condition that is not known',
    { trust: 'StringEquals: { sts:ExternalId: x }' },
    /^template\.yaml:13: Role: condition key sts:ExternalId is not one that/,
  ],
  [
    'a role with managed policies',
    { more: '      ManagedPolicyArns: [arn:aws:iam::aws:policy/AWSIoTDataAccess]\n' },
    /^template\.yaml:25: Role: browsers use this role, and ManagedPolicyArns is not evaluated here/,
  ],
  [
    'a role with a permissions boundary',
    { more: '      PermissionsBoundary: arn:aws:iam::aws:policy/ReadOnlyAccess\n' },
    /^template\.yaml:25: Role: browsers use this role, and PermissionsBoundary is not evaluated here/,
  ],
  [
    'a policy with a condition key that is not evaluated',
    { policy: ', Condition: { StringEquals: { aws:PrincipalTag/team: x } }' },
    /^template\.yaml:24: Role: .*condition key aws:PrincipalTag\/team is not one that/,
  ],
  [
    'a role that the template does not have',
    { attached: 'arn:aws:iam::111111111111:role/other' },
    /^template\.yaml:9: Roles: arn:aws:iam::111111111111:role\/other is not a role of this template$/,
  ],
];

for (const [title, draft, message] of refusals) {
  test(`refuses ${title}`, () => {
    const resolved = load(template(draft));
    const relative = (error: Error) => {
      assert.equal(error.name, 'StartError');
      assert.match(error.message.replace(/^.*(?=template\.yaml)/, ''), message);
      return true;
    };
    assert.throws(() => poolsOf(resolved), relative);
  });
}
