// The properties that the local cloud supports of fleet provisioning.

import { flag, oneOf, type ResourceSupport, text } from './property-check.ts';

export const fleet: Readonly<Record<string, ResourceSupport>> = {
  'AWS::IoT::ProvisioningTemplate': {
    properties: {
      honours: {
        TemplateName: text,
        TemplateType: oneOf('FLEET_PROVISIONING'),
        TemplateBody: text,
        Description: text,
        Enabled: flag,
        ProvisioningRoleArn: text,
        'PreProvisioningHook.TargetArn': text,
        'PreProvisioningHook.PayloadVersion': oneOf('2020-04-01'),
      },
      ignores: { 'Tags.**': 'tags are for billing, which the local cloud does not have' },
      required: ['TemplateBody', 'ProvisioningRoleArn'],
    },
  },
};
