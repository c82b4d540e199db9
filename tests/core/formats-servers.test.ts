// Payloads of LoRaWAN servers and cloud platforms, from their documented examples.

import { testFormats, testMutations, type FormatCase } from '../support/format-cases.ts';

const TTS_REMEDY =
  'no-metrics: the uplink has no decoded_payload: add a payload formatter to the end device in The Things Stack console';
const ids =
  '"end_device_ids":{"device_id":"dev1","application_ids":{"application_id":"app1"},"dev_eui":"4200000000000000","dev_addr":"00E6F42A"}';
const up = (members: string) =>
  `{${ids},"correlation_ids":["as:up:01E0"],"received_at":"2020-02-12T15:15:46.1Z","uplink_message":{${members}"rx_metadata":[{"gateway_ids":{"gateway_id":"gw"},"time":"2020-02-12T15:15:45Z","timestamp":2463457000,"rssi":-35,"snr":5}],"settings":{"timestamp":2463457000,"frequency":"868300000"},"received_at":"2020-02-12T15:15:45.789585559Z"}}`;

const lorawan: FormatCase[] = [
  [
    'an uplink of The Things Stack',
    'the-things-stack',
    up('"f_port":1,"f_cnt":2,"frm_payload":"DGQ=","decoded_payload":{"temperature":1.0,"luminosity":0.64},'),
    'dev:dev1@2020-02-12T15:15:45.789Z temperature=1 luminosity=0.64',
    ['correlation_ids', 'uplink_message/f_port', 'uplink_message/frm_payload', 'uplink_message/rx_metadata'],
  ],
  [
    'zeros and nested values of a payload formatter',
    'the-things-stack',
    up(
      '"f_port":1,"decoded_payload":{"temperature":0,"accelerometer_1":{"x":0.5,"y":0,"z":1},"alarm":false,"name":"a"},',
    ),
    'dev:dev1@2020-02-12T15:15:45.789Z temperature=0 accelerometer_1_x=0.5 accelerometer_1_y=0 accelerometer_1_z=1 alarm=0',
    ['uplink_message/decoded_payload/name'],
  ],
  [
    'an uplink without a payload formatter',
    'the-things-stack',
    up('"f_port":1,"frm_payload":"DGQ=",'),
    TTS_REMEDY,
  ],
  [
    'Cayenne LPP of The Things Stack, 27.2 for 27.200000762939453',
    'the-things-stack',
    up('"decoded_payload":{"temperature_3":27.200000762939453,"temperature_5":25.5},'),
    'dev:dev1@2020-02-12T15:15:45.789Z temperature_3=27.2 temperature_5=25.5',
  ],
  [
    'normalized payloads if no other exists, each with its time',
    'the-things-stack',
    up(
      '"normalized_payload":[{"air":{"temperature":21.5,"relativeHumidity":48}},{"time":"2020-02-12T15:10:00Z","air":{"temperature":20}}],',
    ),
    'dev:dev1@2020-02-12T15:15:45.789Z air_temperature=21.5 air_relativeHumidity=48 | dev:dev1@2020-02-12T15:10:00.000Z air_temperature=20',
  ],
  [
    'the event of a normalized uplink',
    'the-things-stack',
    `{${ids},"received_at":"2020-02-12T15:15:46Z","uplink_normalized":{"f_port":1,"normalized_payload":{"air":{"temperature":21.5}},"received_at":"2020-02-12T15:15:45Z"}}`,
    'dev:dev1@2020-02-12T15:15:45.000Z air_temperature=21.5',
  ],
  [
    'a join, which has no measurements',
    'the-things-stack',
    `{${ids},"received_at":"2020-02-12T15:15:46Z","join_accept":{"session_key_id":"AXBSH1Pk","received_at":"2020-02-12T15:15:45Z"}}`,
    '',
  ],
  [
    'a downlink, which has no measurements',
    'the-things-stack',
    `{${ids},"downlink_ack":{"f_port":15,"f_cnt":11,"frm_payload":"vu8=","confirmed":true}}`,
    '',
  ],
  [
    'an uplink of The Things Network v2',
    'the-things-stack',
    '{"app_id":"app","dev_id":"node-1","hardware_serial":"0102030405060708","port":1,"counter":2,"payload_raw":"AQ==","payload_fields":{"celsius":21.5},"metadata":{"time":"2019-03-01T10:00:00.5Z","frequency":868.1,"gateways":[]}}',
    'dev:node-1@2019-03-01T10:00:00.500Z celsius=21.5',
    ['port', 'counter', 'metadata/frequency'],
  ],
  [
    'an uplink of ChirpStack 4',
    'chirpstack',
    '{"deduplicationId":"3ac7e3c4","time":"2022-07-18T09:34:15.775023242+00:00","deviceInfo":{"tenantId":"52f14cd4","applicationName":"app","deviceName":"em300","devEui":"0101010101010101","tags":{"key":"value"}},"devAddr":"00189440","adr":true,"dr":1,"fCnt":4,"fPort":1,"data":"qg==","object":{"temperature":21.1,"pm":{"2.5":3}},"rxInfo":[{"rssi":-48,"snr":9.0}],"txInfo":{"frequency":868100000}}',
    'dev:0101010101010101@2022-07-18T09:34:15.775Z temperature=21.1 pm_2_5=3',
    ['devAddr', 'dr', 'fCnt', 'fPort', 'rxInfo'],
  ],
  [
    'Cayenne LPP of ChirpStack, a map of channels for each type',
    'chirpstack',
    '{"time":"2022-07-18T09:34:15Z","deviceInfo":{"deviceName":"em300"},"fPort":1,"object":{"temperatureSensor":{"3":27.200000762939453,"5":25.5},"gpsLocation":{"1":{"latitude":52.5,"longitude":13.4}}}}',
    'dev:em300@2022-07-18T09:34:15.000Z temperatureSensor_3=27.2 temperatureSensor_5=25.5 gpsLocation_1_latitude=52.5 gpsLocation_1_longitude=13.4',
  ],
  [
    'an uplink of ChirpStack without a codec',
    'chirpstack',
    '{"deduplicationId":"3","time":"2022-07-18T09:34:15Z","deviceInfo":{"devEui":"01"},"fCnt":4,"fPort":1,"data":"qg=="}',
    'no-metrics: the uplink has no object: add a payload codec to the device profile in ChirpStack',
  ],
  [
    'the battery of a ChirpStack status',
    'chirpstack',
    '{"deduplicationId":"3","time":"2022-07-18T09:34:15Z","deviceInfo":{"devEui":"01"},"margin":10,"externalPowerSource":false,"batteryLevelUnavailable":false,"batteryLevel":74.8}',
    'dev:01@2022-07-18T09:34:15.000Z batteryLevel=74.8',
    ['margin'],
  ],
  [
    'a join of ChirpStack, which has no measurements',
    'chirpstack',
    '{"deduplicationId":"3","time":"2022-07-18T09:34:15Z","deviceInfo":{"devEui":"01"},"devAddr":"00189440"}',
    '',
  ],
  [
    'an uplink of ChirpStack 3',
    'chirpstack',
    '{"applicationID":"123","applicationName":"app","deviceName":"garden","devEUI":"0202020202020202","rxInfo":[{"gatewayID":"0303","time":"2019-11-08T13:59:25.048445Z","rssi":-48,"loRaSNR":9}],"txInfo":{"frequency":868100000,"dr":5},"fCnt":10,"fPort":5,"data":"AQ==","object":{"temperatureSensor":{"1":25}}}',
    'dev:0202020202020202@2019-11-08T13:59:25.048Z temperatureSensor_1=25',
  ],
  [
    'JSON in text and the base64 of ChirpStack 3',
    'chirpstack',
    '{"applicationID":"123","deviceName":"garden","devEUI":"AgICAgICAgI=","rxInfo":[],"fCnt":10,"fPort":5,"data":"AQ==","objectJSON":"{\\"temperature\\":25.5,\\"note\\":\\"x\\",\\"list\\":[1]}","publishedAt":"2020-05-12T09:14:15.5Z"}',
    'dev:0202020202020202@2020-05-12T09:14:15.500Z temperature=25.5',
    ['objectJSON/note', 'objectJSON/list'],
  ],
  [
    'a gateway of Milesight',
    'milesight-gateway',
    '{"applicationID":1,"applicationName":"cloud","deviceName":"24e124136b000000","devEUI":"24e124136b000000","time":"2023-05-01T10:00:00Z","battery":92,"temperature":30.8,"humidity":50.5,"cellularIP":"","gatewayTime":"2023-05-01T10:00:01Z"}',
    'dev:24e124136b000000@2023-05-01T10:00:00.000Z battery=92 temperature=30.8 humidity=50.5',
    ['applicationID', 'gatewayTime'],
  ],
  [
    'what a Milesight sensor has stored',
    'milesight',
    '{"battery":92,"temperature":30.8,"humidity":50.5,"history":[{"timestamp":1665561758,"temperature":27.2,"humidity":46.5}]}',
    'dev@arrival battery=92 temperature=30.8 humidity=50.5 | dev@2022-10-12T08:02:38.000Z temperature=27.2 humidity=46.5',
  ],
  [
    'what a Milesight sensor has stored, through ChirpStack',
    'chirpstack',
    '{"time":"2022-10-12T09:00:00Z","deviceInfo":{"devEui":"01"},"fPort":85,"object":{"history":[{"timestamp":1665561758,"temperature":27.2},{"timestamp":1665562358,"temperature":27.4}]}}',
    'dev:01@2022-10-12T08:02:38.000Z temperature=27.2 | dev:01@2022-10-12T08:12:38.000Z temperature=27.4',
  ],
  [
    'AWS IoT Core for LoRaWAN, which does not decode',
    'aws-lorawan',
    '{"WirelessDeviceId":"5b58245e","PayloadData":"y8QJFQFwAQkCf/8=","WirelessMetadata":{"LoRaWAN":{"DevEui":"70b3d57ed0026780","FPort":"1","DataRate":"0","Timestamp":"2021-05-03T03:24:29Z","Gateways":[{"Rssi":"8.5","Snr":"-73"}]}}}',
    'no-metrics: PayloadData of AWS IoT Core for LoRaWAN holds the bytes of the device: let the rule of the destination decode it and send transformed_payload',
    ['PayloadData'],
  ],
  [
    "the decoder of AWS's sample",
    'aws-lorawan',
    '{"transformed_payload":{"temperature":23.25,"humidity":36.8,"input_length":11,"input_hex":"CBC40915","status":200,"DevEui":"a8"},"lns_payload":{"WirelessDeviceId":"57728ff8","WirelessMetadata":{"LoRaWAN":{"FPort":2,"Timestamp":"2020-12-07T15:27:28Z"}},"PayloadData":"y7Q="},"timestamp":1607354848824}',
    'dev:57728ff8@2020-12-07T15:27:28.000Z temperature=23.25 humidity=36.8',
    ['transformed_payload/status'],
  ],
  [
    'the Helium Console',
    'helium',
    '{"app_eui":"70","dev_eui":"0101","devaddr":"48000037","fcnt":1,"port":2,"payload":"AQ==","decoded":{"status":"success","payload":{"temperature":21.5}},"hotspots":[{"id":"1","name":"a-b-c","rssi":-83,"snr":9.25,"reported_at":1619562788361}],"id":"d1","name":"node","reported_at":1619562788361}',
    'dev:0101@2021-04-27T22:33:08.361Z temperature=21.5',
    ['fcnt', 'port', 'hotspots'],
  ],
  [
    'an uplink of ChirpStack 3 without a codec',
    'milesight-gateway',
    '{"applicationID":"123","deviceName":"garden","devEUI":"0202","rxInfo":[{"rssi":-48}],"fCnt":10,"fPort":5,"data":"AQ=="}',
    'no-metrics: the uplink has no decoded values: add a payload codec for the device at the LoRaWAN server',
  ],
];

const platforms: FormatCase[] = [
  [
    'CloudEvents',
    'cloudevents',
    '{"specversion":"1.0","type":"com.example.someevent","source":"/mycontext","id":"C234","time":"2018-04-05T17:31:00Z","data":{"appinfoB":123}}',
    'dev@2018-04-05T17:31:00.000Z appinfoB=123',
    ['type', 'source', 'specversion'],
  ],
  [
    'CloudEvents with data in base64',
    'cloudevents',
    `{"specversion":"1.0","type":"t","source":"/s","id":"1","data_base64":"${Buffer.from('{"temperature":21.5,"unit":"C"}').toString('base64')}"}`,
    'dev@arrival temperature=21.5',
    ['data_base64/unit'],
  ],
  [
    'a batch of CloudEvents with a format inside',
    'cloudevents',
    '[{"specversion":"1.0","type":"t","source":"/s","id":"1","time":"2018-04-05T17:31:00Z","data":{"ts":1483228800000,"values":{"temperature":42}}},{"specversion":"1.0","type":"t","source":"/s","id":"2","time":"2018-04-05T17:31:00Z","data":4.5}]',
    'dev@2017-01-01T00:00:00.000Z temperature=42 | dev@2018-04-05T17:31:00.000Z data=4.5',
  ],
  [
    'CloudEvents without data',
    'cloudevents',
    '{"specversion":"1.0","type":"t","source":"/s","id":"1","data":null}',
    '',
  ],
  [
    'the device API of ThingsBoard',
    'thingsboard',
    '{"ts":1483228800000,"values":{"temperature":42.2,"outer":{"humidity":70}}}',
    'dev@2017-01-01T00:00:00.000Z temperature=42.2 outer_humidity=70',
  ],
  [
    'several points of the device API of ThingsBoard',
    'thingsboard',
    '[{"ts":1483228800000,"values":{"temperature":42}},{"ts":1483228801000,"values":{"temperature":43}}]',
    'dev@2017-01-01T00:00:00.000Z temperature=42 | dev@2017-01-01T00:00:01.000Z temperature=43',
  ],
  [
    'the gateway API of ThingsBoard',
    'thingsboard-gateway',
    '{"Device A":[{"ts":1483228800000,"values":{"temperature":42,"humidity":80}},{"ts":1483228801000,"values":{"temperature":43,"humidity":82}}],"Device B":[{"values":{"temperature":42}}]}',
    'dev:Device_A@2017-01-01T00:00:00.000Z temperature=42 humidity=80 | dev:Device_A@2017-01-01T00:00:01.000Z temperature=43 humidity=82 | dev:Device_B@arrival temperature=42',
  ],
  [
    'the reported state of a shadow',
    'aws-shadow',
    '{"state":{"reported":{"temperature":21.5,"led":{"on":true}},"desired":{"target":23}},"clientToken":"t","version":3}',
    'dev@arrival temperature=21.5 led_on=1',
    ['state/desired', 'clientToken', 'version'],
  ],
  [
    "each member's own time in an accepted shadow",
    'aws-shadow',
    '{"state":{"reported":{"temperature":21.5,"humidity":40}},"metadata":{"reported":{"temperature":{"timestamp":1488565234},"humidity":{"timestamp":1488565200}}},"version":4,"timestamp":1488565234}',
    'dev@2017-03-03T18:20:34.000Z temperature=21.5 | dev@2017-03-03T18:20:00.000Z humidity=40',
  ],
  [
    'the current state of a shadow document',
    'aws-shadow',
    '{"previous":{"state":{"reported":{"temperature":20}},"version":3},"current":{"state":{"reported":{"temperature":21}},"version":4},"timestamp":1488565234}',
    'dev@2017-03-03T18:20:34.000Z temperature=21',
    ['previous'],
  ],
  [
    'the desired state of a shadow, without measurements',
    'aws-shadow',
    '{"state":{"desired":{"target":23}}}',
    '',
  ],
  [
    'the delta of a shadow, without measurements',
    'aws-shadow',
    '{"state":{"target":23},"metadata":{"target":{"timestamp":1488565234}},"version":4,"timestamp":1488565234}',
    '',
  ],
  [
    'property values of Greengrass',
    'sitewise',
    '{"entryId":"1","propertyAlias":"/windfarm/3/turbine/7/temperature","propertyValues":[{"value":{"doubleValue":21.5},"timestamp":{"timeInSeconds":1575691200,"offsetInNanos":250000000},"quality":"GOOD"},{"value":{"integerValue":9},"timestamp":{"timeInSeconds":1575691201},"quality":"BAD"}]}',
    'dev:windfarm_3_turbine_7@2019-12-07T04:00:00.250Z temperature=21.5 | no-metrics: reading has no number to record; skipped: propertyValues/1/value/integerValue (no-value)',
  ],
  [
    'Losant',
    'losant',
    '{"data":{"temperature":72},"time":{"$date":"2016-11-04T19:42:06.710Z"}}',
    'dev@2016-11-04T19:42:06.710Z temperature=72',
  ],
  [
    'a relative time of Losant',
    'losant',
    '[{"time":-5000,"data":{"temperature":72}},{"time":1478288526710,"data":{"temperature":73},"flowVersion":"v1"}]',
    'dev@2026-11-29T13:45:25.123Z temperature=72 | dev@2016-11-04T19:42:06.710Z temperature=73',
  ],
  [
    'Particle with JSON in text',
    'particle',
    '{"event":"env","data":"{\\"temperature\\":21.5,\\"label\\":\\"a\\"}","coreid":"0123456789abcdef","published_at":"2019-04-10T12:00:00.123Z"}',
    'dev:0123456789abcdef@2019-04-10T12:00:00.123Z temperature=21.5',
    ['event', 'data/label'],
  ],
  [
    'Particle with a number in text, named by the event',
    'particle',
    '{"event":"temperature","data":"21.5","coreid":"01","published_at":"2019-04-10T12:00:00Z"}',
    'dev:01@2019-04-10T12:00:00.000Z temperature=21.5',
  ],
  [
    'Telegraf',
    'telegraf',
    '{"fields":{"field_1":30,"n_images":660},"name":"docker","tags":{"host":"raynor"},"timestamp":1458229140}',
    'dev:raynor@2016-03-17T15:39:00.000Z field_1=30 n_images=660',
    ['name', 'tags'],
  ],
  [
    'a batch of Telegraf, and other units of time',
    'telegraf',
    '{"metrics":[{"fields":{"usage":1},"name":"cpu","tags":{"cpu":"cpu0","host":"pi"},"timestamp":1458229140000},{"fields":{"usage":2},"name":"cpu","tags":{"cpu":"cpu1","host":"pi"},"timestamp":1458229140000000},{"fields":{"used":3},"name":"mem","tags":{"host":"pi"},"timestamp":1458229140000000000}]}',
    'dev:pi@2016-03-17T15:39:00.000Z cpu_cpu0_usage=1 | dev:pi@2016-03-17T15:39:00.000Z cpu_cpu1_usage=2 | dev:pi@2016-03-17T15:39:00.000Z mem_used=3',
  ],
  [
    'lines of Telegraf',
    'telegraf',
    '{"fields":{"usage":1},"name":"cpu","tags":{"host":"pi"},"timestamp":1458229140}\n{"fields":{"used":3},"name":"mem","tags":{},"timestamp":1458229140}\n',
    'dev:pi@2016-03-17T15:39:00.000Z cpu_usage=1 | dev@2016-03-17T15:39:00.000Z mem_used=3',
  ],
  [
    'an array of messages in a format for single messages',
    'helium',
    '[{"dev_eui":"01","hotspots":[],"decoded":{"payload":{"a":1}}},{"dev_eui":"02","hotspots":[],"decoded":{"payload":{"a":2}}},{"b":3}]',
    'dev:01@arrival a=1 | dev:02@arrival a=2 | dev@arrival b=3',
  ],
  [
    'line protocol',
    'line-protocol',
    'weather,host=a temp=21.5,n=3i,ok=t 1556813561098000000',
    'dev:a@2019-05-02T16:12:41.098Z temp=21.5 n=3 ok=1',
  ],
  [
    'line protocol with escapes, types, comments and a line that cannot be read',
    'line-protocol',
    '# a comment\nmy\\ weather,my\\,tag=a\\=b temp\\ out=-2.5e1,u=7u,s="a, \\"b\\" = c",f=FALSE\n\nbroken line\nmy\\ weather bad=1x,x=1.',
    'dev@arrival temp_out=-25 u=7 f=0 | dev@arrival x=1',
    ['3', '1/s', '4/bad'],
  ],
  [
    'Ubidots',
    'ubidots',
    '{"temperature":{"value":10,"timestamp":1534881387000,"context":{"machine":"1st floor"}},"humidity":50,"level":{"value":3}}',
    'dev@2018-08-21T19:56:27.000Z temperature=10 | dev@arrival humidity=50 level=3',
    ['temperature/context'],
  ],
  [
    'Blues Notehub: a note of a device with a serial number',
    'notehub',
    '{"event":"e-1","session":"s","when":1534881387,"received":1534881390.5,"file":"sensors.qo","device":"dev:864475","best_id":"fridge","sn":"fridge","product":"p","bars":3,"rsrp":-97,"temp":21.5,"voltage":5.1,"best_lat":42.5,"body":{"temp":4.1,"door":true}}',
    'dev:fridge@2018-08-21T19:56:27.000Z temp=4.1 door=1 notecard_bars=3 notecard_rsrp=-97 notecard_temp=21.5 notecard_voltage=5.1 notecard_best_lat=42.5',
    ['file', 'product'],
  ],
  [
    'Blues Notehub: without a serial number and without a time of the note',
    'notehub',
    '{"event":"e-2","file":"data.qo","device":"dev:864475","received":1534881390.5,"body":{"humidity":50}}',
    'dev:864475@2018-08-21T19:56:30.500Z humidity=50',
  ],
  [
    'WAGO: rows of a collection',
    'wago',
    '{"FormatId":"TagValues","ApiVersion":1,"CollectionId":1,"TagData":[{"Time":"2018-03-27T17:19:23.720+02:00","Values":{"Temperature1":15.52,"Humidity":21}},{"Time":"2018-03-27T17:20:23.720+02:00","Values":{"Temperature1":"n/a","Humidity":22}}]}',
    'dev@2018-03-27T15:19:23.720Z Temperature1=15.52 Humidity=21 | dev@2018-03-27T15:20:23.720Z Humidity=22',
    ['FormatId', 'TagData/1/Values/Temperature1'],
  ],
  [
    'Weintek: arrays of one element and of more, with what their names say',
    'weintek',
    '{"d":{"name:Outside, type:generic_sint64, unit:°C":[4],"Door":[false],"Probes":[1.5,2.5]},"ts":"2020-08-27T07:10:24.360316"}',
    'dev@2020-08-27T07:10:24.360Z Outside=4 Door=0 Probes_0=1.5 Probes_1=2.5',
  ],
  [
    'Azure, which is flat',
    'general',
    '{"temperature":21.5,"position":{"lat":47.6,"lon":-122.3,"alt":5}}',
    'dev@arrival temperature=21.5 position_lat=47.6 position_lon=-122.3 position_alt=5',
  ],
];

testFormats([...lorawan, ...platforms]);
testMutations([...lorawan, ...platforms]);
