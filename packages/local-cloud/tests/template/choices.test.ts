// If AWS's pages say nothing or contradict themselves, the docs say what the local cloud does, and a test holds each choice.

import { describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** By how the item of a page begins: where its tests are, and words of their titles or of the tables that make them. */
const choices: Readonly<Record<string, readonly (readonly [file: string, title: string])[]>> = {
  // Broker
  '**A refused connection of MQTT 3.1.1**': [['mqtt/broker', 'gets CONNACK 5 (not 7)']],
  '**After a crash**': [
    [
      'mqtt/crash',
      'after a crash the next run reports the connections that ended, and publishes their wills',
    ],
    ['mqtt/crash', 'a will that waits for its delay waits again after a crash'],
  ],
  '**A QoS 1 message is sent again**': [
    ['mqtt/session', 'an unacknowledged message comes again with DUP and the same packet identifier'],
    ['mqtt/session', 'an unacknowledged message is not sent again while the client is connected'],
    ['mqtt/session', 'a message waits as long as its session: seven days, where AWS gives up after an hour'],
  ],
  '**Order**': [
    ['mqtt/broker', 'acknowledges in the order in which the messages came'],
    ['mqtt/session', 'a kept session gets what was published while it was away, in order'],
    ['mqtt/mqtt5', 'user properties reach the subscriber in the order in which they were sent'],
  ],
  '**Topic aliases**': [
    ['mqtt/mqtt5', 'a topic alias means its topic until it gets another'],
    ['mqtt/mqtt5', 'the broker gives no topic alias of its own'],
  ],
  '**Shared subscriptions**': [
    [
      'mqtt/mqtt5',
      'a shared subscription spreads messages over the group, whatever the version, and skips members that are away',
    ],
    ['mqtt/mqtt5', 'with all of a group away, the first member that comes back gets the published messages'],
    ['mqtt/mqtt5', 'messages that wait for a group go to a member that joins it'],
    ['mqtt/mqtt5', 'unacknowledged messages of a member of a kept group go to another when it leaves'],
    ['mqtt/mqtt5', 'a shared subscription skips a member that has no room for more'],
    ['mqtt/broker', 'a shared subscription is judged by its whole filter'],
  ],
  '**Version numbers**': [
    [
      'mqtt/broker',
      'version numbers rise with each connection, over a restart too, and begin again an hour after',
    ],
    ['mqtt/broker', 'the version number of a client with a kept session outlasts the hour'],
    ['mqtt/session', 'sessionIdentifier is new with each connection, also if a session continues'],
  ],
  '**A reader that is too slow**': [
    ['mqtt/broker', 'a subscriber that does not read costs bounded memory: QoS 0 is dropped and counted'],
    ['mqtt/broker', 'is closed beyond its queue'],
    [
      'mqtt/session',
      'sends no more than the in-flight limit before an acknowledgement, and the rest from disk after',
    ],
  ],
  '**Maximum Packet Size**': [
    ['mqtt/packet-size', 'CONNACK leaves out default values'],
    ['mqtt/packet-size', 'a client that cannot take CONNACK is refused with 149'],
    ['mqtt/packet-size', 'an answer that does not fit ends the connection with 149'],
  ],
  '**Wills**': [
    ['mqtt/broker', 'a client whose policy does not allow its will is refused'],
    [
      'mqtt/broker',
      'a will is judged at CONNECT, and is published even if the client may no longer publish it',
    ],
  ],
  // Shadows
  'Six levels of members': [
    ['shadow/mqtt', 'seven levels, where the pages of AWS say 5, 6 or 8'],
    ['shadow/mqtt', 'an array on the seventh level'],
    ['shadow/mqtt', 'a state of 8,192 bytes and six levels is accepted'],
    ['shadow/document', 'the size is that of the two sections as JSON in UTF-8'],
  ],
  'An object that is set empty is kept': [
    [
      'shadow/document',
      'an object that is set empty is kept, and is missing until something is reported for it',
    ],
    ['shadow/document', 'an object that loses its last member goes too'],
  ],
  '`"state": null` empties a shadow': [
    ['shadow/mqtt', 'a state of null empties the shadow and does not delete it'],
    ['shadow/mqtt', 'an array with a null in it'],
    ['shadow/mqtt', 'a section of another name'],
    ['shadow/mqtt', 'a get request that is not a JSON object is rejected, and an empty one is not'],
  ],
  'The first version is 1': [
    [
      'shadow/mqtt',
      'the version locks: the right one is accepted once, and 0 is that of a shadow that is not there',
    ],
    ['shadow/mqtt', 'a shadow made again continues the versions for 48 hours, and then begins with 1'],
  ],
  'A shadow needs no thing in the registry': [
    ['shadow/mqtt', 'shadows exist for names without a thing in the registry'],
    ['commands/start', 'shadows outlive kill -9 and their thing'],
  ],
  'Messages of named shadows': [
    ['shadow/data-plane', "/name: 't2~x'/"],
    [
      'shadow/mqtt',
      'rules and subscribers see requests and answers as ordinary messages, answers with QoS 1',
    ],
  ],
  'An HTTP update or deletion': [
    ['shadow/data-plane', 'the SDK updates, reads, lists and deletes shadows, and devices are notified'],
    ['shadow/data-plane', 'reading over HTTP publishes nothing over MQTT, and neither does a refused update'],
  ],
  'Ten requests of one client': [
    ['shadow/mqtt', 'of more than ten requests of one client at once the others are rejected with 429'],
    ['shadow/mqtt', 'one shadow takes twenty requests a second'],
    ['shadow/mqtt', 'all shadows together take no more room than they may'],
  ],
  'The AWS port does not verify signatures of the account': [
    ['cognito/callers', 'keys that were not given out here are the account’s own, and are not checked'],
  ],
  // Rules SQL
  '**Precedence**': [
    ['rules/operators', 'precedence is that of SQL: product, sum, comparison, NOT, AND, OR'],
    ['rules/errors', 'a minus sign is allowed only before numbers'],
  ],
  '**Nested queries**': [
    ['rules/statement', 'asks an object for an array of one result'],
    ['rules/statement', 'enriches arrays'],
  ],
  '**AND and OR**': [
    ['rules/statement', 'decides where nanvl() is around an operand that may be Undefined'],
    [
      'rules/operators',
      'is what one side decides, and Undefined where the other is not a Boolean and none does',
    ],
    ['rules/operators', 'Null equals Null, and text with Undefined added is Undefined'],
  ],
  '**Int / Int**': [
    ['rules/operators', 'a division of whole numbers is exact, as in the SET page'],
    ['rules/operators', 'a whole result is an Int'],
    ['rules/operators', 'a remainder has the sign of the dividend'],
    ['rules/functions', 'round() goes away from zero at the half'],
    ['rules/functions', "bitnot(13) is two's complement, not the guide's 2"],
    ['rules/functions', 'a Decimal used as Int loses its decimals'],
  ],
  '**Out of range**': [
    ['json/decimal', 'divides to 34 digits, rounding half to even with the rest in mind'],
    ['rules/operators', 'a magnitude beyond 999 is Undefined'],
  ],
  '**Fields** need a name': [
    ['rules/errors', 'AWS does not document a name for this field; give it one with AS'],
    ['rules/errors', 'the name x is given twice'],
    ['rules/statement', 'calls a member of objects by its own name'],
    ['rules/statement', 'lets a field with a name win over members'],
    ['rules/statement', 'lets a named field win over *, in any order'],
    ['rules/statement', 'puts the whole payload under a name'],
    ['rules/statement', 'passes over a comma before FROM'],
    ['rules/statement', 'removes what * brought where a field of the same name is Undefined'],
  ],
  '**A backslash**': [['rules/errors', 'AWS does not document a backslash in a literal']],
  '`indexof` of a missing text': [
    ['rules/functions', 'indexof() of a missing text is -1'],
    ['rules/regexp', 'regexp_substr() without a match is Undefined'],
    ['rules/mqtt-properties', 'get_user_properties()'],
  ],
  '**Payloads**': [
    ['rules/payloads', 'adds to an empty payload'],
    ['rules/payloads', 'go through SELECT * as they are'],
    ['rules/payloads', 'JSON that is too deep'],
    ['rules/payloads', 'fail a statement that names members in WHERE or SET'],
    ['rules/substitution', 'fails where it names members of a payload that is not JSON'],
    ['rules/statement', 'takes the last of two members of one name'],
    ['rules/statement', 'keeps integers above 2^53 and long decimals digit for digit'],
  ],
  '`timestamp()` is when the broker received': [
    ['mqtt/session', 'a rule that runs again after a crash gets the same time and trace'],
  ],
  '`#` in FROM does not match': [
    ['rules/topic-filter', "['a/#', 'a', false]"],
    ['rules/topic-filter', "['#', '$aws/events/x', false]"],
  ],
  // Identity
  '**Answers of fleet provisioning**': [
    ['mqtt/jobs', 'an answer goes to the client that asked and to no other, and not to the disk'],
    ['mqtt/jobs', 'an answer is not given to a client that has not subscribed, or may not receive it'],
  ],
  '**Only JSON.**': [['provisioning/provisioning', 'only the six JSON topics are accepted']],
  '**Error codes**': [
    ['provisioning/provisioning', 'a bad request is rejected with a code and a reason'],
    ['provisioning/provisioning', 'denies access, and the certificate stays without use'],
    ['provisioning/provisioning', 'a hook that takes over five seconds denies access'],
  ],
  '**A token**': [
    ['provisioning/provisioning', 'a token is worth nothing after an hour, and its certificate is deleted'],
    [
      'provisioning/provisioning',
      'a token serves only the claim that it was given to, once; the same request again gets the same answer',
    ],
  ],
  '**Without `OverrideSettings`**': [
    [
      'provisioning/provisioning',
      'a thing that exists: the same is joined, another is a conflict, and OverrideSettings decide',
    ],
  ],
  '**All or nothing**': [['provisioning/provisioning', 'nothing is made when one part cannot be']],
  '**Limits**': [
    ['provisioning/provisioning', 'a claim cannot make more than a thousand certificates wait'],
    ['provisioning/key-queue', 'more than fifty requests for keys at once are throttled'],
    ['provisioning/provisioning', 'a hundred parameters and one'],
    ['provisioning/provisioning', 'a parameter that is too long'],
  ],
  "A template's body is checked": [
    ['provisioning/provisioning', 'a template of the stack that cannot work stops the start with its line'],
    ['provisioning/template', 'a billing group'],
  ],
  '**Certificate authorities of your own**': [
    ['iot/ca-certificates', 'a CA is registered only with a proof of its private key, or for SNI only'],
    [
      'iot/ca-certificates',
      'the first connection under an active CA with automatic registration is announced',
    ],
  ],
  '**Temporary claims**': [
    [
      'provisioning/api',
      'a temporary claim lasts five minutes, is in no list, and may provision with its template only',
    ],
  ],
  '**Unknown actions**': [['policies/policy', 'iot:Conect']],
  '**`iot:LastWillTopic`**': [['policies/policy', "'iot:LastWillTopic': `${prefix}topic/w`"]],
  // Browser access
  'A URL without `X-Amz-Expires`': [
    ['web/presigned', 'a URL without X-Amz-Expires is valid for five minutes'],
    ['web/presigned', 'the name of the endpoint may be signed without the port, as the AWS IoT SDKs do'],
  ],
  'A connection outlives its credentials': [
    ['web/mqtt-socket', 'a connection outlives its credentials, and renewed ones open the next'],
    ['web/mqtt-socket', 'a connection ends after a day, and the presence event says why'],
  ],
  '`principal()` and `principalIdentifier`': [
    ['web/presigned', 'temporary credentials act as their identity, the developer’s own keys as the account'],
    [
      'cognito/permissions',
      'a thing attached to an identity does not fill the policy variables of its connections',
    ],
  ],
  'Identity IDs, login tokens and credentials are not stored': [
    [
      'cognito/api',
      'identities and credentials outlive a restart, and end with the secret of the installation',
    ],
    ['cognito/api', 'a user has the same identity at every login, and another than other users'],
    ['cognito/api', 'vouching names one user of the pool’s own provider, and links no identities'],
    ['cognito/api', 'the classic flow'],
  ],
  'Policies of a role that cannot be evaluated': [['cognito/pools', 'refuses ${title}']],
  'Login tokens of the developer provider are signed by HMAC': [
    ['cognito/api', 'a login token that somebody changed'],
  ],
  'CORS lets the pages of the web port': [
    ['cognito/api', 'the page of the web port may call and read, and no other page'],
    ['cognito/api', 'pages read answers of no other service than the two that they need'],
  ],
};

/** The items of the lists that follow a sentence such as "If AWS's pages say nothing, ...". */
function listed(page: string): string[] {
  const items: string[] = [];
  let isChoice = false;
  for (const block of page.split(/\n{2,}/)) {
    if (block.startsWith('  ')) continue;
    if (!block.startsWith('- '))
      isChoice = /\bAWS's (?:pages|documentation) says? nothing\b/.test(block.replaceAll(/\s+/g, ' '));
    else if (isChoice) items.push(...`\n${block}`.split('\n- ').slice(1));
  }
  return items;
}

test('every choice that the pages list has its tests here, and the other way round', () => {
  const pages = readdirSync(path.join(root, 'docs'));
  const items = pages.flatMap((page) => listed(read(`docs/${page}`)));
  assert.deepEqual(
    Object.keys(choices).map((start) => items.filter((item) => item.startsWith(start)).length),
    Object.keys(choices).map(() => 1),
  );
  assert.equal(items.length, Object.keys(choices).length);
});

for (const [start, tests] of Object.entries(choices)) {
  describe(start, () => {
    for (const [file, title] of tests) {
      it(`is tested in ${file}: ${title}`, () => {
        assert.ok(read(`tests/${file}.test.ts`).includes(title));
      });
    }
  });
}
