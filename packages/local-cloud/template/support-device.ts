// The properties that the local cloud supports of devices: things, their groups and types, policies and certificates.

import { checkedBy, flag, oneOf, type ResourceSupport, text } from './property-check.ts';

const TAGS = { 'Tags.**': 'tags are for billing, which the local cloud does not have' };

export const device: Readonly<Record<string, ResourceSupport>> = {
  'AWS::IoT::ThingType': {
    properties: {
      honours: {
        ThingTypeName: text,
        DeprecateThingType: flag,
        'ThingTypeProperties.ThingTypeDescription': text,
        'ThingTypeProperties.SearchableAttributes.*': text,
      },
      ignores: TAGS,
    },
  },
  'AWS::IoT::ThingGroup': {
    properties: {
      honours: {
        ThingGroupName: text,
        ParentGroupName: text,
        'ThingGroupProperties.ThingGroupDescription': text,
        'ThingGroupProperties.AttributePayload.Attributes.*': text,
      },
      ignores: TAGS,
    },
  },
  'AWS::IoT::Policy': {
    properties: {
      honours: { PolicyName: text, 'PolicyDocument.**': checkedBy('the policy evaluation') },
      ignores: TAGS,
      required: ['PolicyDocument'],
    },
  },
  'AWS::IoT::Thing': {
    properties: {
      honours: { ThingName: text, 'AttributePayload.Attributes.*': text },
      ignores: {},
    },
  },
  'AWS::IoT::Certificate': {
    properties: {
      honours: {
        Status: oneOf('ACTIVE', 'INACTIVE', 'REVOKED'),
        CertificateSigningRequest: text,
        CertificatePem: text,
        CertificateMode: oneOf('DEFAULT', 'SNI_ONLY'),
      },
      ignores: { CACertificatePem: 'certificates of every CA are accepted here' },
      required: ['Status'],
    },
  },
  'AWS::IoT::PolicyPrincipalAttachment': {
    properties: {
      honours: { PolicyName: text, Principal: text },
      ignores: {},
      required: ['PolicyName', 'Principal'],
    },
  },
  'AWS::IoT::ThingPrincipalAttachment': {
    properties: {
      honours: {
        ThingName: text,
        Principal: text,
        ThingPrincipalType: oneOf('EXCLUSIVE_THING', 'NON_EXCLUSIVE_THING'),
      },
      ignores: {},
      required: ['ThingName', 'Principal'],
    },
  },
};
