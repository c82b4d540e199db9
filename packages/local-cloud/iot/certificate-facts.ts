// Reads the facts of a device certificate, under the names of AWS IoT's policy variables.
// https://docs.aws.amazon.com/iot/latest/developerguide/cert-policy-variables.html

import 'reflect-metadata';
import {
  IssuerAlternativeNameExtension,
  Name,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from '@peculiar/x509';
import { alternativeNames, nameAttributes } from '../policies/key.ts';

/** Limits of AWS: more values and longer ones are not available to policies. */
const MAXIMUM_VALUES = 5;
const MAXIMUM_LENGTH = 1024;

/** AWS does not substitute values with a wildcard. Here they would be literal, but a policy must do the same on both. */
const isUsable = (value: string) => value !== '' && value.length <= MAXIMUM_LENGTH && !/[*?]/.test(value);

type Facts = Map<string, string | readonly string[]>;

function addValues(facts: Facts, key: string, values: readonly string[]): void {
  const usable = values.slice(0, MAXIMUM_VALUES);
  if (usable.length === 0) return;
  if (isUsable(usable[0]!)) facts.set(key, usable[0]!);
  for (const [index, value] of usable.entries()) {
    if (index > 0 && isUsable(value)) facts.set(`${key}.${index}`, value);
  }
  facts.set(`${key}.List`, usable.filter(isUsable));
}

function addName(facts: Facts, prefix: string, name: Name): void {
  for (const [attribute, oid] of nameAttributes)
    addValues(facts, `${prefix}.${attribute}`, name.getField(oid));
}

type AlternativeNames = SubjectAlternativeNameExtension | IssuerAlternativeNameExtension | null;

function addAlternativeNames(facts: Facts, prefix: string, extension: AlternativeNames): void {
  const names = extension?.names.items ?? [];
  for (const [name, type] of alternativeNames) {
    const values = names.filter((item) => item.type === type).map((item) => item.value);
    addValues(facts, `${prefix}.AlternativeName.${name}`, values);
  }
}

/**
 * The values of `iot:Certificate.*` and `iot:CertificateId`, by canonical key; a key is absent where there is no value.
 *
 * @param pem a certificate that parses, as all in the registry do.
 */
export function certificateFacts(id: string, pem: string): ReadonlyMap<string, string | readonly string[]> {
  const certificate = new X509Certificate(pem);
  const facts: Facts = new Map([['iot:CertificateId', id]]);
  addName(facts, 'iot:Certificate.Subject', certificate.subjectName);
  addName(facts, 'iot:Certificate.Issuer', certificate.issuerName);
  addAlternativeNames(
    facts,
    'iot:Certificate.Subject',
    certificate.getExtension(SubjectAlternativeNameExtension),
  );
  addAlternativeNames(
    facts,
    'iot:Certificate.Issuer',
    certificate.getExtension(IssuerAlternativeNameExtension),
  );
  facts.set('iot:Certificate.SerialNumber', certificate.serialNumber);
  facts.set(
    'iot:Certificate.AvailableKeys',
    [...facts.keys()].filter((key) => key.startsWith('iot:Certificate.')),
  );
  return facts;
}
