// How each resource type is called: physical name, ARN, what Ref and Fn::GetAtt give. Names are the same at every start.

import { createHash } from 'node:crypto';
import { account } from '../account.ts';

export interface Ground {
  readonly stackName: string;
  readonly region: string;
  readonly accountId: string;
}

export interface Identity {
  readonly name: string;
  readonly arn: string;
  readonly ref: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** What Fn::GetAtt gives: text, or a list of texts such as the name servers of a zone. */
export type Attribute = string | readonly string[];

interface Naming {
  /** The property that sets the name, when the template wants a name of its own. */
  readonly nameProperty?: string;
  /** What AWS accepts as that name. */
  readonly pattern?: RegExp;
  /** The name when the template sets none; CloudFormation would add random characters. */
  readonly generate?: (stackName: string, logicalId: string, ground: Ground) => string;
  /** Service and resource of the ARN, such as `iot` and `rule/Name`. */
  readonly arn: (name: string, ground: Ground) => string;
  readonly ref?: 'arn';
  /** What Fn::GetAtt gives besides `Arn`. */
  readonly attributes?: (name: string, arn: string) => Readonly<Record<string, Attribute>>;
  /** False where CloudFormation has no `Arn` to get. */
  readonly hasArn?: false;
}

const within =
  (service: string, resource: (name: string) => string): Naming['arn'] =>
  (name, { region, accountId }) =>
    `arn:aws:${service}:${region}:${accountId}:${resource(name)}`;

/** An internal name for what has no ARN of its own on AWS either, so that every resource has a distinct one. */
const unnamed = within('cloudformation', (name) => `resource/${name}`);

const joined = (stackName: string, logicalId: string) => `${stackName}-${logicalId}`;
const inLowerCase = (stackName: string, logicalId: string) => joined(stackName, logicalId).toLowerCase();
const withUnderscore = (stackName: string, logicalId: string) =>
  joined(stackName, logicalId).replaceAll(/[^A-Za-z0-9_]/g, '_');

/** AWS chooses a random one; here it follows from the names, so that it is found again after a restart. */
const uuid: Naming['generate'] = (stackName, logicalId) => {
  const digest = createHash('sha256').update(joined(stackName, logicalId)).digest('hex');
  return digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
};
const poolId: Naming['generate'] = (stackName, logicalId, ground) =>
  `${ground.region}:${uuid(stackName, logicalId, ground)}`;

const lettersAndDigits = (stackName: string, logicalId: string) => {
  const digest = createHash('sha256').update(joined(stackName, logicalId)).digest('hex');
  return BigInt(`0x${digest}`).toString(36);
};
/** Ten letters and digits, as AWS chooses them. */
const apiId: Naming['generate'] = (stackName, logicalId) =>
  lettersAndDigits(stackName, logicalId).slice(0, 10);
const zoneId: Naming['generate'] = (stackName, logicalId) =>
  `Z${lettersAndDigits(stackName, logicalId).slice(0, 13).toUpperCase()}`;

const distributionId: Naming['generate'] = (stackName, logicalId) =>
  `E${lettersAndDigits(stackName, logicalId).slice(0, 13).toUpperCase()}`;

/** The three records of a domain's DKIM keys: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ses-emailidentity.html */
const dkimTokens = (domain: string) =>
  Object.fromEntries(
    [1, 2, 3].flatMap((index) => {
      const token = lettersAndDigits(domain, String(index)).slice(0, 32);
      return [
        [`DkimDNSTokenName${index}`, `${token}._domainkey.${domain}`],
        [`DkimDNSTokenValue${index}`, `${token}.dkim.amazonses.com`],
      ];
    }),
  );

/** The four that a zone names; nobody resolves them here. `.test` is kept for what is no real name (RFC 6761, 6.2). */
export const zoneNameServers = (id: string): readonly string[] =>
  [0, 1, 2, 3].map((index) => `ns-${index}.${id.toLowerCase()}.test`);

/** Letters and digits of either kind, or small ones alone, that follow from the names. */
const letters = (length: number, radix: 36 | 62, stackName: string, logicalId: string): string => {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.slice(0, radix);
  const digest = createHash('sha256').update(joined(stackName, logicalId)).digest();
  return Array.from(digest.subarray(0, length), (byte) => alphabet[byte % radix]).join('');
};
const userPoolId: Naming['generate'] = (stackName, logicalId, { region }) =>
  `${region}_${letters(9, 62, stackName, logicalId)}`;
const clientId: Naming['generate'] = (stackName, logicalId) => letters(26, 36, stackName, logicalId);

/** The name under which identity pools know a user pool; with `https://` it is the issuer of its tokens. */
export const userPoolProvider = (id: string): string =>
  `cognito-idp.${id.split('_', 1)[0]}.amazonaws.com/${id}`;

/** Where the login pages of a user pool are on AWS. The local cloud puts its own address in the place of this one. */
export const loginAddress = (domain: string, region: string): string =>
  `https://${domain}.auth.${region}.amazoncognito.com`;

/** Where an HTTP API is on AWS. The local cloud puts its own address in the place of this one. */
export const executeApiAddress = (id: string, region: string): string =>
  `https://${id}.execute-api.${region}.amazonaws.com`;

const thingName = /^[a-zA-Z0-9:_-]{1,128}$/;
const id = (name: string) => ({ Id: name });

const namings: Readonly<Record<string, Naming>> = {
  'AWS::IoT::ThingType': {
    nameProperty: 'ThingTypeName',
    pattern: thingName,
    arn: within('iot', (name) => `thingtype/${name}`),
    attributes: id,
  },
  'AWS::IoT::ThingGroup': {
    nameProperty: 'ThingGroupName',
    pattern: thingName,
    arn: within('iot', (name) => `thinggroup/${name}`),
    attributes: id,
  },
  'AWS::IoT::Policy': {
    nameProperty: 'PolicyName',
    pattern: /^[\w+=,.@-]{1,128}$/,
    arn: within('iot', (name) => `policy/${name}`),
    attributes: id,
  },
  'AWS::IoT::ProvisioningTemplate': {
    nameProperty: 'TemplateName',
    pattern: /^[0-9A-Za-z_-]{1,36}$/,
    arn: within('iot', (name) => `provisioningtemplate/${name}`),
    hasArn: false,
    attributes: (_name, arn) => ({ TemplateArn: arn }),
  },
  'AWS::IoT::TopicRule': {
    nameProperty: 'RuleName',
    pattern: /^[a-zA-Z0-9_]{1,128}$/,
    generate: withUnderscore,
    arn: within('iot', (name) => `rule/${name}`),
  },
  'AWS::IoT::DomainConfiguration': {
    nameProperty: 'DomainConfigurationName',
    pattern: /^[\w.-]{1,128}$/,
    arn: within('iot', (name) => `domainconfiguration/${name}`),
    attributes: () => ({ DomainType: 'CUSTOMER_MANAGED' }),
  },
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
  'AWS::KinesisFirehose::DeliveryStream': {
    nameProperty: 'DeliveryStreamName',
    pattern: /^[a-zA-Z0-9._-]{1,64}$/,
    arn: within('firehose', (name) => `deliverystream/${name}`),
  },
  'AWS::Kinesis::Stream': {
    nameProperty: 'Name',
    pattern: /^[a-zA-Z0-9_.-]{1,128}$/,
    arn: within('kinesis', (name) => `stream/${name}`),
  },
  'AWS::Lambda::EventSourceMapping': {
    generate: uuid,
    arn: within('lambda', (name) => `event-source-mapping:${name}`),
    hasArn: false,
    attributes: (name, arn) => ({ Id: name, EventSourceMappingArn: arn }),
  },
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    pattern: /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    generate: inLowerCase,
    arn: (name) => `arn:aws:s3:::${name}`,
    attributes: (name) => ({ RegionalDomainName: `${name}.s3.${account.region}.amazonaws.com` }),
  },
  'AWS::DynamoDB::Table': {
    nameProperty: 'TableName',
    pattern: /^[a-zA-Z0-9_.-]{3,255}$/,
    arn: within('dynamodb', (name) => `table/${name}`),
  },
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    pattern: /^[a-zA-Z0-9_-]{1,256}$/,
    arn: within('sns', (name) => name),
    ref: 'arn',
    hasArn: false,
    attributes: (name, arn) => ({ TopicArn: arn, TopicName: name }),
  },
  'AWS::Serverless::Function': {
    nameProperty: 'FunctionName',
    pattern: /^[a-zA-Z0-9_-]{1,64}$/,
    arn: within('lambda', (name) => `function:${name}`),
  },
  'AWS::Scheduler::Schedule': {
    nameProperty: 'Name',
    pattern: /^[0-9a-zA-Z._-]{1,64}$/,
    arn: within('scheduler', (name) => `schedule/default/${name}`),
  },
  'AWS::Serverless::HttpApi': {
    generate: apiId,
    // Without an account, as API Gateway writes it.
    arn: (name, { region }) => `arn:aws:apigateway:${region}::/apis/${name}`,
    hasArn: false,
    attributes: (name, arn) => ({ ApiId: name, ApiEndpoint: executeApiAddress(name, arn.split(':')[3]!) }),
  },
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    pattern: /^[\w+=,.@-]{1,64}$/,
    arn: (name, { accountId }) => `arn:aws:iam::${accountId}:role/${name}`,
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
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    pattern: /^[.\-_/#A-Za-z0-9]{1,512}$/,
    // With the asterisk, as CloudFormation gives it: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-logs-loggroup.html
    arn: within('logs', (name) => `log-group:${name}:*`),
  },
  'AWS::CloudWatch::Alarm': {
    nameProperty: 'AlarmName',
    arn: within('cloudwatch', (name) => `alarm:${name}`),
  },
  'AWS::CloudWatch::Dashboard': {
    nameProperty: 'DashboardName',
    pattern: /^[a-zA-Z0-9_-]{1,255}$/,
    arn: (name, { accountId }) => `arn:aws:cloudwatch::${accountId}:dashboard/${name}`,
    hasArn: false,
  },
  'AWS::KMS::Key': { arn: within('kms', (name) => `key/${name}`), attributes: (name) => ({ KeyId: name }) },
  'AWS::SNS::Subscription': { arn: within('sns', (name) => `subscription:${name}`), ref: 'arn' },
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
  'AWS::Logs::LogStream': { nameProperty: 'LogStreamName', arn: unnamed, hasArn: false },
  'AWS::Lambda::Permission': { arn: unnamed, hasArn: false },
  'AWS::Cognito::IdentityPoolRoleAttachment': { arn: unnamed, hasArn: false },
  'AWS::S3::BucketPolicy': { arn: unnamed, hasArn: false },
  'AWS::SNS::TopicPolicy': { arn: unnamed, hasArn: false },
};

export const resourceTypes: readonly string[] = Object.keys(namings);

/** The property that names a resource of this type; undefined where AWS always chooses. */
export const namePropertyOf = (type: string): string | undefined => namings[type]?.nameProperty;

/**
 * How a resource is called. `explicit` is the name that the template gives, if any.
 * @returns what is wrong with the name, in words, when AWS would refuse it.
 */
export function identify(
  type: string,
  logicalId: string,
  explicit: string | undefined,
  ground: Ground,
): Identity | string {
  const naming = namings[type]!;
  const name = explicit ?? (naming.generate ?? joined)(ground.stackName, logicalId, ground);
  if (naming.pattern && !naming.pattern.test(name)) {
    return `is called ${JSON.stringify(name)}, which AWS refuses: it must match ${naming.pattern.source}`;
  }
  const arn = naming.arn(name, ground);
  const attributes = new Map<string, Attribute>(Object.entries(naming.attributes?.(name, arn) ?? {}));
  if (naming.hasArn !== false) attributes.set('Arn', arn);
  return { name, arn, ref: naming.ref === 'arn' ? arn : name, attributes };
}
