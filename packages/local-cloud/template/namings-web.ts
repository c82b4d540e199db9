// The names of resources for people and browsers: domains, HTTP APIs and logins.

import {
  apiId,
  clientId,
  distributionId,
  dkimTokens,
  executeApiAddress,
  lettersAndDigits,
  type Naming,
  poolId,
  unnamed,
  userPoolId,
  userPoolProvider,
  uuid,
  within,
  zoneId,
  zoneNameServers,
} from './naming.ts';

const id = (name: string) => ({ Id: name });

export const webNamings: Readonly<Record<string, Naming>> = {
  'AWS::CertificateManager::Certificate': {
    generate: uuid,
    arn: within('acm', (name) => `certificate/${name}`),
    ref: 'arn',
    hasArn: false,
  },
  'AWS::ApiGatewayV2::DomainName': {
    nameProperty: 'DomainName',
    arn: (name, { region }) => `arn:aws:apigateway:${region}::/domainnames/${name}`,
    hasArn: false,
    attributes: (name, arn) => ({
      RegionalDomainName: `d-${lettersAndDigits(name, arn).slice(0, 10)}.execute-api.${arn.split(':')[3]!}.amazonaws.com`,
      RegionalHostedZoneId: `Z${lettersAndDigits(arn, name).slice(0, 13).toUpperCase()}`,
    }),
  },
  'AWS::ApiGatewayV2::ApiMapping': { arn: unnamed, hasArn: false },
  'AWS::Serverless::HttpApi': {
    generate: apiId,
    // Without an account, as in API Gateway's ARNs.
    arn: (name, { region }) => `arn:aws:apigateway:${region}::/apis/${name}`,
    hasArn: false,
    attributes: (name, arn) => ({ ApiId: name, ApiEndpoint: executeApiAddress(name, arn.split(':')[3]!) }),
  },
  'AWS::Cognito::IdentityPool': {
    generate: poolId,
    arn: within('cognito-identity', (name) => `identitypool/${name}`),
    hasArn: false,
    attributes: id,
  },
  'AWS::Cognito::UserPool': {
    generate: userPoolId,
    arn: within('cognito-idp', (name) => `userpool/${name}`),
    attributes: (name) => ({
      UserPoolId: name,
      ProviderName: userPoolProvider(name),
      ProviderURL: `https://${userPoolProvider(name)}`,
    }),
  },
  'AWS::Cognito::UserPoolClient': {
    generate: clientId,
    arn: unnamed,
    hasArn: false,
    attributes: (name) => ({ ClientId: name }),
  },
  'AWS::Cognito::UserPoolDomain': {
    nameProperty: 'Domain',
    pattern: /^(?!.*(?:aws|amazon|cognito))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    arn: unnamed,
    hasArn: false,
  },
  'AWS::Cognito::UserPoolGroup': {
    nameProperty: 'GroupName',
    pattern: /^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$/u,
    arn: unnamed,
    hasArn: false,
  },
  'AWS::Cognito::ManagedLoginBranding': { arn: unnamed, hasArn: false },
  'AWS::Route53::HostedZone': {
    generate: zoneId,
    arn: (name) => `arn:aws:route53:::hostedzone/${name}`,
    hasArn: false,
    attributes: (name) => ({ Id: name, NameServers: zoneNameServers(name) }),
  },
  'AWS::Route53::HealthCheck': {
    generate: uuid,
    arn: (name) => `arn:aws:route53:::healthcheck/${name}`,
    hasArn: false,
    attributes: (name) => ({ HealthCheckId: name }),
  },
  'AWS::Route53::RecordSet': { nameProperty: 'Name', arn: unnamed, hasArn: false },
  'AWS::Route53::RecordSetGroup': { arn: unnamed, hasArn: false },
  'AWS::CloudFront::OriginAccessControl': {
    generate: distributionId,
    arn: unnamed,
    hasArn: false,
    attributes: id,
  },
  'AWS::CloudFront::ResponseHeadersPolicy': { arn: unnamed, hasArn: false, attributes: id },
  'AWS::CloudFront::Distribution': {
    generate: distributionId,
    arn: (name, { accountId }) => `arn:aws:cloudfront::${accountId}:distribution/${name}`,
    hasArn: false,
    attributes: (name) => ({ Id: name, DomainName: `d${name.slice(1).toLowerCase()}.cloudfront.net` }),
  },
  'AWS::SES::EmailIdentity': {
    nameProperty: 'EmailIdentity',
    arn: within('ses', (name) => `identity/${name}`),
    hasArn: false,
    attributes: dkimTokens,
  },
  'AWS::Cognito::IdentityPoolRoleAttachment': { arn: unnamed, hasArn: false },
};
