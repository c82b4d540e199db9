// The properties that the local cloud supports of custom domains: certificates, and the domain configurations for devices.

import { oneOf, type ResourceSupport, text } from './property-check.ts';

const TAGS = { 'Tags.**': 'tags are for billing, which the local cloud does not have' };
const API_NAME = 'the HTTP API is at the web port of this machine and has no other name';

export const domain: Readonly<Record<string, ResourceSupport>> = {
  'AWS::CertificateManager::Certificate': {
    properties: {
      honours: {
        DomainName: text,
        'SubjectAlternativeNames.*': text,
        KeyAlgorithm: oneOf('RSA_2048', 'EC_prime256v1'),
        ValidationMethod: oneOf('DNS'),
      },
      ignores: {
        'DomainValidationOptions.**': 'the local CA issues certificates for any name, without a proof',
        CertificateTransparencyLoggingPreference: 'certificates of the local CA are in no public log',
        ...TAGS,
      },
      required: ['DomainName', 'ValidationMethod'],
    },
  },
  'AWS::IoT::DomainConfiguration': {
    properties: {
      honours: {
        DomainConfigurationName: text,
        DomainName: text,
        DomainConfigurationStatus: oneOf('ENABLED', 'DISABLED'),
        'ServerCertificateArns.*': text,
        ServiceType: oneOf('DATA'),
        'TlsConfig.SecurityPolicy': oneOf(
          'IoTSecurityPolicy_TLS13_1_2_2022_10',
          'IoTSecurityPolicy_TLS13_1_3_2022_10',
        ),
      },
      ignores: TAGS,
      required: ['DomainName', 'ServerCertificateArns'],
    },
  },
  'AWS::ApiGatewayV2::DomainName': { properties: { honours: {}, ignores: { '**': API_NAME } } },
  'AWS::ApiGatewayV2::ApiMapping': { properties: { honours: {}, ignores: { '**': API_NAME } } },
};
