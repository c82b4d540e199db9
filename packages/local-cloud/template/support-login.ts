// The properties that the local cloud supports of logins: identity pools, and the user pool.

import { checkedBy, flag, oneOf, type ResourceSupport, text, whole } from './property-check.ts';

const PEOPLE = 'users are added by the account itself, without mail';
const LOOK = 'the local login page has one design';
const CLIENT = 'the local login supports only the code flow with PKCE';

export const login: Readonly<Record<string, ResourceSupport>> = {
  'AWS::Cognito::UserPool': {
    properties: {
      honours: {
        UserPoolName: text,
        'AdminCreateUserConfig.AllowAdminCreateUserOnly': oneOf('true'),
        'Policies.PasswordPolicy.MinimumLength': whole(6, 99),
        'UsernameAttributes.*': oneOf('email'),
      },
      ignores: {
        'AdminCreateUserConfig.InviteMessageTemplate.**': PEOPLE,
        'AutoVerifiedAttributes.*': PEOPLE,
        'AccountRecoverySetting.**': PEOPLE,
        'UserAttributeUpdateSettings.**': PEOPLE,
        'Policies.PasswordPolicy.**': 'only the length of a password is checked here',
        'UsernameConfiguration.**': 'names are compared in lower case here',
        MfaConfiguration: 'a password is enough on loopback',
        'EnabledMfas.*': 'a password is enough on loopback',
        DeletionProtection: 'nothing here deletes a user pool',
        UserPoolTier: 'users of the local cloud cost nothing',
        'UserPoolTags.**': 'tags are for billing, which the local cloud does not have',
      },
      required: ['AdminCreateUserConfig.AllowAdminCreateUserOnly', 'UsernameAttributes'],
    },
  },
  'AWS::Cognito::UserPoolClient': {
    properties: {
      honours: {
        UserPoolId: text,
        ClientName: text,
        GenerateSecret: oneOf('false'),
        AllowedOAuthFlowsUserPoolClient: oneOf('true'),
        'AllowedOAuthFlows.*': oneOf('code'),
        'AllowedOAuthScopes.*': oneOf('openid', 'email', 'profile'),
        'CallbackURLs.*': text,
        'LogoutURLs.*': text,
        'SupportedIdentityProviders.*': oneOf('COGNITO'),
        IdTokenValidity: whole(1, 86_400),
        AccessTokenValidity: whole(1, 86_400),
        RefreshTokenValidity: whole(1, 315_360_000),
        'TokenValidityUnits.IdToken': oneOf('seconds', 'minutes', 'hours', 'days'),
        'TokenValidityUnits.AccessToken': oneOf('seconds', 'minutes', 'hours', 'days'),
        'TokenValidityUnits.RefreshToken': oneOf('seconds', 'minutes', 'hours', 'days'),
      },
      ignores: {
        'ExplicitAuthFlows.*': CLIENT,
        PreventUserExistenceErrors: 'the login page never says whether a user exists',
        EnableTokenRevocation: 'tokens can always be revoked',
      },
      required: ['UserPoolId', 'AllowedOAuthFlowsUserPoolClient', 'AllowedOAuthFlows', 'CallbackURLs'],
    },
  },
  'AWS::Cognito::UserPoolDomain': {
    properties: {
      honours: { UserPoolId: text, Domain: text },
      ignores: { ManagedLoginVersion: LOOK },
      required: ['UserPoolId', 'Domain'],
    },
  },
  'AWS::Cognito::ManagedLoginBranding': { properties: { honours: {}, ignores: { '**': LOOK } } },
  'AWS::Cognito::UserPoolGroup': {
    properties: {
      honours: {
        UserPoolId: text,
        GroupName: text,
        Precedence: whole(0, 2_147_483_647),
        RoleArn: text,
      },
      ignores: { Description: 'it is a text for people' },
      required: ['UserPoolId', 'GroupName'],
    },
  },
  'AWS::Cognito::IdentityPool': {
    properties: {
      honours: {
        IdentityPoolName: text,
        AllowUnauthenticatedIdentities: flag,
        AllowClassicFlow: oneOf('false'),
        DeveloperProviderName: text,
        'CognitoIdentityProviders.*.ClientId': text,
        'CognitoIdentityProviders.*.ProviderName': text,
        'CognitoIdentityProviders.*.ServerSideTokenCheck': flag,
      },
      ignores: { 'IdentityPoolTags.**': 'tags are for billing, which the local cloud does not have' },
      required: ['AllowUnauthenticatedIdentities'],
    },
  },
  'AWS::Cognito::IdentityPoolRoleAttachment': {
    properties: {
      honours: {
        IdentityPoolId: text,
        'Roles.authenticated': text,
        'Roles.unauthenticated': text,
        'RoleMappings.*.**': checkedBy('the identity pools, which know the type Token'),
      },
      ignores: {},
      required: ['IdentityPoolId'],
    },
  },
};
