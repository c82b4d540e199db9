// Standards and industry: SenML, Sparkplug, NGSI, SensorThings, and payloads of controllers and data loggers.

import { testFormats, testMutations, type FormatCase } from '../support/format-cases.ts';

const BASE = '"bn":"urn:dev:ow:10e2073a01080063:"';

/** Most are the examples of RFC 8428, section 5. */
const senml: FormatCase[] = [
  [
    'a SenML record whose name is the device alone',
    'senml',
    '[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]',
    'dev:urn:dev:ow:10e2073a01080063@arrival value=23.1',
    ['0/n', '0/u'],
  ],
  [
    'base values of SenML, and times before the base time',
    'senml',
    '[{"bn":"urn:dev:ow:10e2073a0108006:","bt":1276020076.001,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.2},{"n":"current","t":-4,"v":1.3},{"n":"current","v":1.7}]',
    'dev:urn:dev:ow:10e2073a0108006@2010-06-08T18:01:16.001Z voltage=120.1 current=1.7 | dev:urn:dev:ow:10e2073a0108006@2010-06-08T18:01:11.001Z current=1.2 | dev:urn:dev:ow:10e2073a0108006@2010-06-08T18:01:12.001Z current=1.3',
  ],
  [
    'SenML of two devices, by base names',
    'senml',
    '[{"bn":"2001:db8::2/","bt":1320078429,"n":"temperature","v":25.2,"u":"Cel"},{"n":"humidity","v":30,"u":"%RH"},{"bn":"2001:db8::1/","n":"temperature","v":12.3,"u":"Cel"},{"n":"humidity","v":67,"u":"%RH"}]',
    'dev:2001:db8::2@2011-10-31T16:27:09.000Z temperature=25.2 humidity=30 | dev:2001:db8::1@2011-10-31T16:27:09.000Z temperature=12.3 humidity=67',
  ],
  [
    'times of SenML before the arrival',
    'senml',
    `[{${BASE},"n":"a","v":1},{"n":"a","t":-5,"v":2},{"n":"b","t":-5,"v":3}]`,
    'dev:urn:dev:ow:10e2073a01080063@arrival a=1 | dev:urn:dev:ow:10e2073a01080063@2026-11-29T13:45:25.123Z a=2 b=3',
  ],
  [
    'a time of SenML after the arrival as too early',
    'senml',
    `[{${BASE},"n":"a","t":3600,"v":1},{"n":"b","v":2}]`,
    'dev:urn:dev:ow:10e2073a01080063@arrival b=2 | too-far-ahead: timestamp is over 60 s after its arrival',
  ],
  [
    'all kinds of values of SenML',
    'senml',
    `[{${BASE},"n":"temp","u":"Cel","v":23.1},{"n":"label","vs":"Machine Room"},{"n":"open","vb":false},{"n":"nfc-reader","vd":"aGkgCg"}]`,
    'dev:urn:dev:ow:10e2073a01080063@arrival temp=23.1 open=0',
    ['1/vs', '3'],
  ],
  [
    'base values and sums of SenML, added',
    'senml',
    '[{"bn":"urn:dev:mac:0024befffe804ff1/","bv":20,"bs":100,"n":"temp","v":1.5},{"n":"power","u":"W","s":5}]',
    'dev:urn:dev:mac:0024befffe804ff1@arrival temp=21.5 power=20 power_sum=105',
  ],
  [
    'parts of a device in a SenML name',
    'senml',
    '[{"n":"urn:dev:ow:264437f5000000ed_humidity","v":40},{"n":"urn:dev:ow:264437f5000000ed:room/temp","v":21},{"n":"temperature","v":3}]',
    'dev:urn:dev:ow:264437f5000000ed@arrival humidity=40 | dev:urn:dev:ow:264437f5000000ed:room@arrival temp=21 | dev@arrival temperature=3',
  ],
  [
    'a SenML pack with a mandatory label that is not supported',
    'senml',
    `[{${BASE},"n":"a","v":1,"must_":2}]`,
    'no-metrics: the SenML label must_ is required but not supported',
  ],
  [
    'a SenML pack of an unknown version',
    'senml',
    `[{${BASE},"bver":11,"n":"a","v":1}]`,
    'no-metrics: SenML version 11 is not known: bver is 10 at most',
  ],
  [
    "the object of SenML's drafts",
    'senml',
    '{"bn":"urn:dev:x","bt":1320078429,"e":[{"n":"temperature","u":"Cel","t":0,"v":22.5},{"n":"light","u":"lm","t":-1,"v":135}]}',
    'dev:urn:dev:x@2011-10-31T16:27:09.000Z temperature=22.5 | dev:urn:dev:x@2011-10-31T16:27:08.000Z light=135',
  ],
];

const sparkplug: FormatCase[] = [
  [
    'Sparkplug as its specification writes it',
    'sparkplug',
    '{"timestamp":1486144502122,"metrics":[{"name":"Supply Voltage","timestamp":1486144502122,"dataType":"Float","value":12.100000381469727}],"seq":2}',
    'dev@2017-02-03T17:55:02.122Z Supply_Voltage=12.1',
    ['seq', 'metrics/0/dataType'],
  ],
  [
    "each Sparkplug metric's own time, and no bookkeeping",
    'sparkplug',
    '{"timestamp":1486144502122,"metrics":[{"name":"bdSeq","dataType":"UInt64","value":3},{"name":"Node Control/Rebirth","dataType":"Boolean","value":false},{"name":"Folder 1/Tag","timestamp":1486144500000,"dataType":"Int32","value":-5},{"alias":7,"dataType":"Boolean","value":true},{"name":"Hw","dataType":"String","value":"Pi"},{"name":"T","dataType":"DateTime","value":1486144502122}],"seq":0}',
    'dev@2017-02-03T17:55:00.000Z Folder_1_Tag=-5 | dev@2017-02-03T17:55:02.122Z alias_7=1',
    ['metrics/0', 'metrics/1', 'metrics/4/value', 'metrics/5'],
  ],
  [
    'Sparkplug of a host application, with bad quality',
    'sparkplug',
    '{"topic":{"namespace":"spBv1.0","edgeNodeDescriptor":"G1/E1","groupId":"G1","edgeNodeId":"E1","deviceId":"D1","type":"DDATA"},"payload":{"timestamp":1486144502122,"metrics":[{"name":"a","timestamp":1486144502122,"dataType":"Int32","value":5,"properties":{"Quality":{"type":"Int32","value":192}}},{"name":"b","timestamp":1486144502122,"dataType":"Int32","value":6,"properties":{"Quality":{"type":"Int32","value":500}}}],"seq":1}}',
    'dev:E1:D1@2017-02-03T17:55:02.122Z a=5',
    ['payload/metrics/1/value', 'topic'],
  ],
  [
    "Sparkplug in protobuf's JSON, with negative integers",
    'sparkplug',
    '{"timestamp":"1486144502122","metrics":[{"name":"i8","datatype":1,"intValue":4294967295},{"name":"i64","datatype":4,"longValue":"18446744073709551615"},{"name":"u32","datatype":7,"int_value":4294967295},{"name":"f","datatype":9,"floatValue":27.200000762939453},{"name":"null","datatype":10,"isNull":true},{"name":"set","datatype":16,"datasetValue":{"columns":["a"]}}],"seq":"1"}',
    'dev@2017-02-03T17:55:02.122Z i8=-1 i64=-1 u32=4294967295 f=27.2',
    ['metrics/4/isNull', 'metrics/5'],
  ],
  [
    'a Sparkplug death, which has no measurements',
    'sparkplug',
    '{"timestamp":1486144502122,"metrics":[{"name":"bdSeq","dataType":"UInt64","value":3}]}',
    '',
  ],
];

const entities: FormatCase[] = [
  [
    'an NGSI v2 notification',
    'ngsi',
    '{"subscriptionId":"51c0ac9ed714fb3b37d7d5a8","data":[{"id":"Room1","type":"Room","temperature":{"value":23,"type":"Number","metadata":{"TimeInstant":{"type":"DateTime","value":"2020-01-01T00:00:00Z"}}},"name":{"value":"12","type":"Text","metadata":{}}}]}',
    'dev:Room1@2020-01-01T00:00:00.000Z temperature=23',
    ['subscriptionId', 'data/0/name'],
  ],
  [
    'key values in an NGSI v2 notification',
    'ngsi',
    '{"subscriptionId":"1","data":[{"id":"Room1","type":"Room","temperature":23,"TimeInstant":"2020-01-01T00:00:00.00Z"},{"id":"Room2","type":"Room","temperature":24}]}',
    'dev:Room1@2020-01-01T00:00:00.000Z temperature=23 | dev:Room2@arrival temperature=24',
  ],
  [
    'an NGSI-LD entity',
    'ngsi',
    '{"id":"urn:ngsi-ld:Device:f1","type":"Device","filling":{"type":"Property","value":0.21,"unitCode":"C62","observedAt":"2020-12-09T14:11:30.708Z"},"ctrl":{"type":"Relationship","object":"urn:ngsi-ld:X"},"location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[1,2]}},"@context":"https://a"}',
    'dev:urn:ngsi-ld:Device:f1@2020-12-09T14:11:30.708Z filling=0.21',
    ['ctrl', 'location', 'filling/unitCode'],
  ],
  [
    'a concise NGSI-LD entity, with an attribute of two data sets',
    'ngsi',
    '{"id":"urn:ngsi-ld:Device:f1","type":"Device","level":7,"temp":[{"value":1,"unitCode":"CEL","datasetId":"a"},{"value":2,"datasetId":"b","unitCode":"CEL"}]}',
    'dev:urn:ngsi-ld:Device:f1@arrival level=7 temp=1 | dev:urn:ngsi-ld:Device:f1@arrival temp=2',
  ],
  [
    'an observation of SensorThings',
    'sensorthings',
    '{"result":32.1,"phenomenonTime":"2026-08-06T17:43:34Z","resultTime":"2026-08-06T17:43:35Z","Datastream":{"@iot.id":5}}',
    'dev:5@2026-08-06T17:43:34.000Z result=32.1',
    ['resultTime', 'Datastream'],
  ],
  [
    'a data array of SensorThings, and the end of an interval',
    'sensorthings',
    '[{"Datastream":{"@iot.id":5,"name":"air temperature"},"components":["phenomenonTime","result"],"dataArray@iot.count":2,"dataArray":[["2026-08-06T17:43:34Z",1],["2026-08-06T17:00:00Z/2026-08-06T18:00:00Z",2]]}]',
    'dev:5@2026-08-06T17:43:34.000Z air_temperature=1 | dev:5@2026-08-06T18:00:00.000Z air_temperature=2',
  ],
];

const industry: FormatCase[] = [
  [
    'Kepware',
    'kepware',
    '{"timestamp":1651604184900,"values":[{"id":"Channel1.Device1.Tag1","v":850.3,"q":true,"t":1651604184861},{"id":"Channel1.Device1.Folder.Tag2","v":1,"q":false,"t":1651604184861},{"id":"Channel1.Device2.Tag1","v":true,"q":true,"t":1651604184861}]}',
    'dev:Channel1.Device1@2022-05-03T18:56:24.861Z Tag1=850.3 | dev:Channel1.Device2@2022-05-03T18:56:24.861Z Tag1=1',
    ['timestamp', 'values/1/v', 'values/0/q'],
  ],
  [
    "Kepware's advanced template",
    'kepware',
    '[{"tagname":"A.B.Tag","timestamp":1651604184861,"value":1291}]',
    'dev:A.B@2022-05-03T18:56:24.861Z Tag=1291',
  ],
  [
    'a WISE-4000 module',
    'wise-4000',
    '{"s":1,"t":"2014-07-11T15:26:37Z","q":192,"c":1,"di1":true,"do1":false,"ai1":-1.234567,"ai_st1":1,"ai2":9999.9999,"ai_st2":0}',
    'dev@2014-07-11T15:26:37.000Z di1=1 do1=0 ai1=-1.234567',
    ['ai2', 'ai_st1', 's', 'q', 'c'],
  ],
  [
    'a WISE-4000 module whose clock is not set',
    'wise-4000',
    '{"s":1,"t":0,"q":192,"c":1,"ai1":2.5}',
    'dev@arrival ai1=2.5',
    ['t'],
  ],
  [
    'Siemens Industrial Edge',
    'siemens',
    '{"seq":1,"vals":[{"id":"101","val":4.123,"ts":"2022-07-21T13:01:50.159Z","qc":3,"qx":0},{"id":"102","val":5,"ts":"2022-07-21T13:01:50.159Z","qc":0},{"id":"Motor","val":"6.5"}]}',
    'dev@2022-07-21T13:01:50.159Z dp_101=4.123 | dev@arrival Motor=6.5',
    ['seq', 'vals/1/val'],
  ],
  [
    'a Teltonika tracker',
    'teltonika-tracker',
    '{"state":{"reported":{"ts":1769610760000,"pr":0,"latlng":"55.66,12.58","alt":0,"ang":0,"sat":0,"sp":0,"evt":240,"239":1,"66":12345}}}',
    'dev@2026-01-28T14:32:40.000Z latitude=55.66 longitude=12.58 avl_66=12345 avl_239=1 alt=0 ang=0 sat=0 sp=0',
    ['state/reported/pr', 'state/reported/evt'],
  ],
  [
    'a Teltonika tracker without a fix',
    'teltonika-tracker',
    '{"state":{"reported":{"ts":1769610760000,"latlng":"0.000000,0.000000","sp":0,"evt":0}}}',
    'dev@2026-01-28T14:32:40.000Z sp=0',
    ['state/reported/latlng'],
  ],
  [
    'a Teltonika router that reads Modbus',
    'teltonika-modbus',
    '{"ts":"1769610760","name":"temp","data":"[215]"}',
    'dev@2026-01-28T14:32:40.000Z temp=215',
  ],
  [
    'several registers of a Teltonika router',
    'teltonika-modbus',
    '{"ts":"1769610760","name":"phases","data":"[1, -2,3.5]"}',
    'dev@2026-01-28T14:32:40.000Z phases_0=1 phases_1=-2 phases_2=3.5',
  ],
  [
    'Neuron by values',
    'neuron',
    '{"node":"modbus","group":"grp","timestamp":1650006388943,"values":{"tag0":123},"errors":{"tag1":2014}}',
    'dev:modbus@2022-04-15T07:06:28.943Z tag0=123',
    ['errors', 'group'],
  ],
  [
    'Neuron by tags',
    'neuron',
    '{"node":"modbus","group":"grp","timestamp":1647497389075,"tags":[{"name":"tag0","value":123},{"name":"tag1","error":2014}]}',
    'dev:modbus@2022-03-17T06:09:49.075Z tag0=123',
    ['tags/1/error'],
  ],
  [
    'AVEVA VTQ',
    'aveva-vtq',
    '{"d":21.5,"dt":5,"ts":"2022-03-17T06:09:49Z","q":192}',
    'dev@2022-03-17T06:09:49.000Z d=21.5',
    ['dt', 'q'],
  ],
  [
    'Cognite',
    'cognite',
    '{"timeseriesData":[{"externalId":"temperature","items":[{"timestamp":1650006388943,"value":1},{"timestamp":1650006389943,"value":2}]}]}',
    'dev@2022-04-15T07:06:28.943Z temperature=1 | dev@2022-04-15T07:06:29.943Z temperature=2',
  ],
  [
    'a Campbell data logger',
    'campbell',
    '{"type":"Feature","geometry":{"type":"Point","coordinates":[-111.8549,41.7666,4498.0]},"properties":{"loggerID":"CR1000X_400","publish_ts":"2025-10-01T09:21:00.038Z","observationNames":["logger_temp","SlowScan(1)","message"],"observations":{"2025-10-01T09:21:00Z":[75,false,"75.25 : It is warm"],"2025-10-01T09:22:00Z":[76,true,""]}}}',
    'dev:CR1000X_400@2025-10-01T09:21:00.000Z logger_temp=75 SlowScan_1=0 | dev:CR1000X_400@2025-10-01T09:22:00.000Z logger_temp=76 SlowScan_1=1',
    ['geometry', 'properties/publish_ts'],
  ],
  [
    'an older Campbell data logger',
    'campbell',
    '{"type":"Feature","geometry":{},"Properties":{"loggerID":"CR1000X_400","observationNames":["batteryVolt","batteryVolt_Avg","crTemp"],"observations":{"2019-02-28T19:00:00.0Z":[13.67,13.67,24.31]}}}',
    'dev:CR1000X_400@2019-02-28T19:00:00.000Z batteryVolt=13.67 batteryVolt_Avg=13.67 crTemp=24.31',
  ],
];

testFormats([...senml, ...sparkplug, ...entities, ...industry]);
testMutations([...senml, ...sparkplug, ...entities, ...industry]);
