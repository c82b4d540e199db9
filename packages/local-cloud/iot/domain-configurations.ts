// Custom domains that devices connect to: the domain configurations of the templates and their certificates.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-custom-endpoints-configurable-custom.html

import { covers, type CertificateSpec } from '../acm/certificate-spec.ts';
import { AwsError } from '../aws-error.ts';
import { StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { label, page, queryText, type Operation } from './api-request.ts';

export interface DomainConfiguration {
  readonly name: string;
  readonly arn: string;
  /** In lower case. */
  readonly domainName: string;
  readonly certificateArn: string;
  readonly isEnabled: boolean;
  readonly securityPolicy: string;
}

const ONLY_TLS13 = 'IoTSecurityPolicy_TLS13_1_3_2022_10';
/** https://docs.aws.amazon.com/iot/latest/developerguide/transport-security.html#tls-policy-table */
const USUAL_POLICY = 'IoTSecurityPolicy_TLS13_1_2_2022_10';

export const requiresTls13 = ({ securityPolicy }: DomainConfiguration): boolean =>
  securityPolicy === ONLY_TLS13;

type Properties = Readonly<Record<string, unknown>>;

/** AWS accepts exactly one: https://docs.aws.amazon.com/iot/latest/apireference/API_CreateDomainConfiguration.html */
function certificateOf(
  { at, logicalId, properties }: ResolvedResource,
  domainName: string,
  certificates: readonly CertificateSpec[],
): CertificateSpec {
  const refuse = (problem: string, ...path: (string | number)[]): never => {
    throw new StartError(`${at(...path)}: ${logicalId}: ${problem}`);
  };
  const arns = properties['ServerCertificateArns'] as readonly unknown[];
  const [arn] = arns;
  if (arns.length !== 1) refuse('ServerCertificateArns must name one certificate', 'ServerCertificateArns');
  const found = certificates.find((each) => each.arn === arn);
  if (!found)
    return refuse(
      `ServerCertificateArns is ${String(arn)}, and the template has no such AWS::CertificateManager::Certificate: refer to one`,
      ...['ServerCertificateArns', 0],
    );
  if (!covers(found, domainName))
    refuse(
      `its certificate ${found.logicalId} is for ${found.names.join(', ')}, and not for ${domainName}`,
      'DomainName',
    );
  return found;
}

/** @throws StartError naming the line of a configuration that AWS would refuse. */
export function domainConfigurationsOf(
  template: Pick<ResolvedTemplate, 'ofType'>,
  certificates: readonly CertificateSpec[],
): DomainConfiguration[] {
  const found = new Map<string, DomainConfiguration>();
  for (const resource of template.ofType('AWS::IoT::DomainConfiguration')) {
    const { name, arn, logicalId, properties, at } = resource;
    const domainName = String(properties['DomainName']).toLowerCase();
    const other = found.get(domainName);
    if (other)
      throw new StartError(
        `${at('DomainName')}: ${logicalId}: ${domainName} is the name of ${other.name} already`,
      );
    const tls = (properties['TlsConfig'] ?? {}) as Properties;
    found.set(domainName, {
      ...{ name, arn, domainName },
      certificateArn: certificateOf(resource, domainName, certificates).arn,
      isEnabled: properties['DomainConfigurationStatus'] !== 'DISABLED',
      securityPolicy: (tls['SecurityPolicy'] ?? USUAL_POLICY) as string,
    });
  }
  return [...found.values()];
}

const BY_MARKER = ['marker', 'pageSize'] as const;

/** Only reads: domain configurations are declared in the templates. */
export const domainConfigurationOperations: readonly Operation[] = [
  {
    name: 'ListDomainConfigurations',
    method: 'GET',
    path: '/domainConfigurations',
    query: [...BY_MARKER, 'serviceType'],
    run({ domains }, request) {
      const type = queryText(request, 'serviceType') ?? 'DATA';
      const { items, next } = page(request, type === 'DATA' ? domains : [], ({ name }) => name, BY_MARKER);
      return {
        domainConfigurations: items.map(({ name, arn }) => ({
          ...{ domainConfigurationName: name, domainConfigurationArn: arn, serviceType: 'DATA' },
        })),
        nextMarker: next,
      };
    },
  },
  {
    name: 'DescribeDomainConfiguration',
    method: 'GET',
    path: '/domainConfigurations/{domainConfigurationName}',
    run({ domains }, request) {
      const asked = label(request, 'domainConfigurationName');
      const found = domains.find(({ name }) => name === asked);
      if (!found)
        throw new AwsError('ResourceNotFoundException', `There is no domain configuration ${asked}`, 404);
      return {
        domainConfigurationName: found.name,
        domainConfigurationArn: found.arn,
        domainName: found.domainName,
        serverCertificates: [
          { serverCertificateArn: found.certificateArn, serverCertificateStatus: 'VALID' },
        ],
        domainConfigurationStatus: found.isEnabled ? 'ENABLED' : 'DISABLED',
        serviceType: 'DATA',
        domainType: 'CUSTOMER_MANAGED',
        tlsConfig: { securityPolicy: found.securityPolicy },
      };
    },
  },
];
