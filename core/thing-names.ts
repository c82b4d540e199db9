// The names that AWS IoT allows for a thing and its attributes, for every place where people enter them.

/** https://docs.aws.amazon.com/iot/latest/apireference/API_AttributePayload.html */
export const MAX_ATTRIBUTE_LENGTH = 800;
export const NAME_RULE = '1 to 128 of a-z A-Z 0-9 : _ -';
export const ATTRIBUTE_RULE = 'a-z A-Z 0-9 _ . , @ / : # - without spaces';

export const NAME = /^[a-zA-Z0-9:_-]{1,128}$/;
/** Claim certificates connect under client IDs with this prefix; they would disconnect a thing of the same name. */
export const CLAIM_PREFIX = 'claim-';
export const NEW_THING_NAME = /^(?!claim-)[a-zA-Z0-9_-]{1,128}$/;
export const NEW_THING_RULE = `1 to 128 of a-z A-Z 0-9 _ -, not beginning with ${CLAIM_PREFIX}`;

const isName = (text: string) => NAME.test(text);
const isAttributeName = (text: string) => /^[a-zA-Z0-9_.,@/:#-]{1,128}$/.test(text);
const isAttributeValue = (text: string) => /^[a-zA-Z0-9_.,@/:#=[\]-]{1,800}$/.test(text);

/** For a thing, a type, a group or a policy. Each returns what is wrong, to follow the text in a sentence; undefined if valid. */
export const nameProblem = (text: string) => (isName(text) ? undefined : `is not allowed: ${NAME_RULE}`);

export const attributeNameProblem = (text: string) =>
  isAttributeName(text) ? undefined : `is not allowed as the name of an attribute: ${ATTRIBUTE_RULE}`;

export const attributeValueProblem = (text: string) =>
  isAttributeValue(text)
    ? undefined
    : `is not allowed as an attribute: ${MAX_ATTRIBUTE_LENGTH} at most of ${ATTRIBUTE_RULE}`;

/** For a new thing. */
export function thingNameProblem(text: string): string | undefined {
  if (NEW_THING_NAME.test(text)) return undefined;
  if (text.startsWith(CLAIM_PREFIX))
    return `is not allowed: claim certificates connect as ${CLAIM_PREFIX}...; choose another name`;
  return /^[^:\s]+:/.test(text)
    ? 'is not allowed: gateway:child is how a sensor behind a gateway is named; use - or _ instead of :'
    : `is not allowed: ${NEW_THING_RULE}`;
}
