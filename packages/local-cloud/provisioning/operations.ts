// Provisioning templates in the AWS IoT API, and the temporary claims that a trusted user gets for them.

import {
  alreadyExists,
  type ApiRequest,
  flag,
  invalid,
  type IotCloud,
  label,
  object,
  only,
  type Operation,
  page,
  required,
  seconds,
  text,
} from '../iot/api-request.ts';
import { AwsError } from '../aws-error.ts';
import { newCertificate } from '../iot/certificate-operations.ts';
import { certificateWithKeys } from '../iot/device-certificate.ts';
import { compileBody } from './template.ts';
import { change, type ProvisioningTemplate, type Registry } from '../iot/registry.ts';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateProvisioningClaim.html */
const CLAIM_MS = 300_000;

function templateOf(registry: Registry, name: string): ProvisioningTemplate {
  const found = registry.provisioningTemplates.get(name);
  if (!found) throw new AwsError('ResourceNotFoundException', `Unable to find template named ${name}`, 404);
  return found;
}

function summary(registry: Registry, template: ProvisioningTemplate) {
  return {
    templateArn: registry.arn(`provisioningtemplate/${template.name}`),
    templateName: template.name,
    creationDate: seconds(template.createdAt),
    lastModifiedDate: seconds(template.modifiedAt),
    enabled: template.enabled,
    type: 'FLEET_PROVISIONING',
  };
}

export type TemplateSettings = Omit<ProvisioningTemplate, 'createdAt' | 'modifiedAt'>;

/** Creates or replaces a template. @throws AwsError InvalidRequestException naming the place in its body. */
export async function setTemplate(registry: Registry, settings: TemplateSettings): Promise<void> {
  compileBody(settings.body);
  const now = registry.clock.now();
  const createdAt = registry.provisioningTemplates.get(settings.name)?.createdAt ?? now;
  await registry.commit([
    change('provisioningTemplate', settings.name, { ...settings, createdAt, modifiedAt: now }),
  ]);
}

function hookOf(body: ApiRequest['body']): Pick<TemplateSettings, 'hook'> {
  const hook = object(body, 'preProvisioningHook');
  if (!hook) return {};
  only(hook, ['payloadVersion', 'targetArn'], 'preProvisioningHook');
  const payloadVersion = text(hook, 'payloadVersion') ?? '2020-04-01';
  if (payloadVersion !== '2020-04-01') throw invalid('payloadVersion must be 2020-04-01');
  return { hook: { targetArn: required(hook, 'targetArn'), payloadVersion } };
}

async function createTemplate({ registry }: IotCloud, { body }: ApiRequest) {
  const name = required(body, 'templateName');
  if ((text(body, 'type') ?? 'FLEET_PROVISIONING') !== 'FLEET_PROVISIONING')
    throw invalid('type must be FLEET_PROVISIONING');
  if (registry.provisioningTemplates.has(name))
    throw alreadyExists(
      `Template with name ${name} already exists`,
      registry.arn(`provisioningtemplate/${name}`),
      name,
    );
  const description = text(body, 'description');
  await setTemplate(registry, {
    name,
    ...(description === undefined ? {} : { description }),
    body: required(body, 'templateBody'),
    enabled: flag(body, 'enabled'),
    roleArn: required(body, 'provisioningRoleArn'),
    ...hookOf(body),
  });
  const { templateArn, templateName } = summary(registry, templateOf(registry, name));
  return { templateArn, templateName, defaultVersionId: 1 };
}

async function updateTemplate({ registry }: IotCloud, request: ApiRequest) {
  const { hook, ...template } = templateOf(registry, label(request, 'templateName'));
  const { body } = request;
  if (flag(body, 'removePreProvisioningHook') && body['preProvisioningHook'])
    throw invalid('preProvisioningHook and removePreProvisioningHook exclude each other');
  const kept = hook && !flag(body, 'removePreProvisioningHook') ? { hook } : {};
  const description = text(body, 'description') ?? template.description;
  await setTemplate(registry, {
    ...template,
    ...(description === undefined ? {} : { description }),
    enabled: body['enabled'] === undefined ? template.enabled : flag(body, 'enabled'),
    roleArn: text(body, 'provisioningRoleArn') ?? template.roleArn,
    ...kept,
    ...hookOf(body),
  });
  return {};
}

/** A certificate that is valid for five minutes, and may only provision one device with this template. */
async function createClaim({ registry, ca }: IotCloud, request: ApiRequest) {
  const { name } = templateOf(registry, label(request, 'templateName'));
  const expiration = registry.clock.now() + CLAIM_MS;
  const { pem, publicKey, privateKey } = await certificateWithKeys(ca, new Date(expiration));
  const certificate = { ...newCertificate(registry, pem, 'ACTIVE'), claimOf: name };
  await registry.commit([change('certificate', certificate.id, certificate)]);
  return {
    certificateId: certificate.id,
    certificatePem: pem,
    keyPair: { PublicKey: publicKey, PrivateKey: privateKey },
    expiration: seconds(certificate.notAfter),
  };
}

export const provisioningOperations: readonly Operation[] = [
  {
    name: 'CreateProvisioningTemplate',
    method: 'POST',
    path: '/provisioning-templates',
    body: [
      'templateName',
      'description',
      'templateBody',
      'enabled',
      'provisioningRoleArn',
      'preProvisioningHook',
      'type',
    ],
    run: createTemplate,
  },
  {
    name: 'DescribeProvisioningTemplate',
    method: 'GET',
    path: '/provisioning-templates/{templateName}',
    run({ registry }, request) {
      const template = templateOf(registry, label(request, 'templateName'));
      return {
        ...summary(registry, template),
        description: template.description,
        defaultVersionId: 1,
        templateBody: template.body,
        provisioningRoleArn: template.roleArn,
        preProvisioningHook: template.hook,
      };
    },
  },
  {
    name: 'ListProvisioningTemplates',
    method: 'GET',
    path: '/provisioning-templates',
    query: ['nextToken', 'maxResults'],
    run({ registry }, request) {
      const { items, next } = page(request, registry.provisioningTemplates.values(), ({ name }) => name);
      return { templates: items.map((template) => summary(registry, template)), nextToken: next };
    },
  },
  {
    name: 'UpdateProvisioningTemplate',
    method: 'PATCH',
    path: '/provisioning-templates/{templateName}',
    body: [
      'description',
      'enabled',
      'provisioningRoleArn',
      'preProvisioningHook',
      'removePreProvisioningHook',
    ],
    run: updateTemplate,
  },
  {
    name: 'DeleteProvisioningTemplate',
    method: 'DELETE',
    path: '/provisioning-templates/{templateName}',
    async run({ registry }, request) {
      const { name } = templateOf(registry, label(request, 'templateName'));
      await registry.commit([change('provisioningTemplate', name, undefined)]);
      return {};
    },
  },
  {
    name: 'CreateProvisioningClaim',
    method: 'POST',
    path: '/provisioning-templates/{templateName}/provisioning-claim',
    run: createClaim,
  },
];
