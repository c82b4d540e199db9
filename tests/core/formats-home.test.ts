// Payloads of home and maker firmware, as its makers document them, and their readings.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { decimalText } from '../../core/decimal.ts';
import { readGeneral } from '../../core/formats/general.ts';
import { parseMessage, type ParsedMessage } from '../../core/message.ts';
import { parseReading, type Reading } from '../../core/reading.ts';

const AT = Date.parse('2026-11-29T13:45:00Z');
/** Wide limits, because documented examples are old. */
const LIMITS = { maxLatenessSeconds: 20 * 366 * 86_400, maxSkewSeconds: 60 };

function parse(text: string, levels: readonly string[] = []): ParsedMessage {
  const deeper = Object.fromEntries(levels.map((level, index) => [`topicLevel${index + 4}`, level]));
  const context = { deviceId: 'dev', site: 'lab', receivedAt: AT, clientId: 'dev', traceId: 't', ...deeper };
  const isJson = text.startsWith('{');
  const payload = isJson
    ? (JSON.parse(text) as object)
    : { rawPayload: Buffer.from(text).toString('base64') };
  return parseMessage({ ...payload, ...context }, LIMITS);
}

/** `dev:child@time name=value ...`, one line for each reading; rejections by their reason. */
function shown({ accepted, rejected }: ParsedMessage): string[] {
  const readings = accepted.map(({ deviceId, timestamp, metrics }) => {
    const time = timestamp === AT ? 'arrival' : new Date(timestamp).toISOString();
    return `${deviceId}@${time} ${metrics.map(({ name, value }) => `${name}=${decimalText(value)}`).join(' ')}`;
  });
  return [...readings, ...rejected.map(({ reason, detail }) => `${reason}: ${detail}`)];
}

interface Row {
  readonly title: string;
  readonly format: string;
  readonly levels?: readonly string[];
  readonly payload: string;
  readonly readings: readonly string[];
  /** Must be among the skipped: name and reason. */
  readonly skipped?: readonly string[];
}

/** The advertisement of a payload after Ruuvi's company number, as a gateway relays it. */
function advertised(hex: string): string {
  const length = (hex.length / 2 + 3).toString(16).padStart(2, '0');
  return `020106${length}FF9904${hex}`;
}
const gateway = (hex: string) =>
  `{"gw_mac":"C8:25:2D:8E:9C:2C","rssi":-26,"aoa":[],"gwts":1621866500,"ts":1621866499,"data":"${hex}","coords":""}`;
const HEARD = '2021-05-24T14:28:19.000Z';

const TASMOTA: Row[] = [
  {
    title: 'two sensors of one kind by their position',
    format: 'tasmota',
    payload:
      '{"Time":"2021-01-02T09:09:44","DS18B20-1":{"Id":"00000566CC39","Temperature":13.3},"DS18B20-2":{"Id":"123456789012","Temperature":1.2},"TempUnit":"C"}',
    readings: ['dev@arrival DS18B20_1_Temperature=13.3 DS18B20_2_Temperature=1.2'],
    skipped: ['Time unused-time', 'DS18B20-2/Id not-measured', 'TempUnit not-measured'],
  },
  {
    title: 'a meter without the time at which its counter began',
    format: 'tasmota',
    payload:
      '{"Time":"2021-01-02T09:09:44","ENERGY":{"TotalStartTime":"2018-11-14T18:39:40","Total":6.294,"Today":0.954,"Power":2635,"Factor":0.99,"Voltage":227,"Current":11.661}}',
    readings: [
      'dev@arrival ENERGY_Total=6.294 ENERGY_Today=0.954 ENERGY_Power=2635 ENERGY_Factor=0.99 ENERGY_Voltage=227 ENERGY_Current=11.661',
    ],
    skipped: ['ENERGY/TotalStartTime not-measured'],
  },
  {
    title: 'a meter with two phases, one metric for each value',
    format: 'tasmota',
    payload: '{"Time":"2021-01-02T09:09:44","ENERGY":{"Power":[100,200],"Current":[1.32,2.1],"Voltage":230}}',
    readings: [
      'dev@arrival ENERGY_Power_1=100 ENERGY_Power_2=200 ENERGY_Current_1=1.32 ENERGY_Current_2=2.1 ENERGY_Voltage=230',
    ],
  },
  {
    title: 'Epoch as the time, and no chip temperature of an ESP32',
    format: 'tasmota',
    payload:
      '{"Time":"2021-01-02T10:09:44","Epoch":1609578584,"ESP32":{"Temperature":45.6},"TX23":{"Speed":{"Act":14.8,"Avg":8.5},"Dir":{"Card":"WSW","Deg":247.5}},"SpeedUnit":"km/h"}',
    readings: ['dev@2021-01-02T09:09:44.000Z TX23_Speed_Act=14.8 TX23_Speed_Avg=8.5 TX23_Dir_Deg=247.5'],
    skipped: ['ESP32 not-measured', 'TX23/Dir/Card text'],
  },
  {
    title: 'a numeric Time, and one with an offset',
    format: 'tasmota',
    payload: '{"Time":1609578584,"ANALOG":{"A0":512}}',
    readings: ['dev@2021-01-02T09:09:44.000Z ANALOG_A0=512'],
  },
  {
    title: 'a Time with an offset',
    format: 'tasmota',
    payload:
      '{"Time":"2021-01-02T11:09:44+02:00","Switch1":"OFF","AM2301":{"Temperature":null,"Humidity":51.1},"TempUnit":"C"}',
    readings: ['dev@2021-01-02T09:09:44.000Z Switch1=0 AM2301_Humidity=51.1'],
    skipped: ['AM2301/Temperature no-value'],
  },
  {
    title: 'the response to Status',
    format: 'tasmota',
    payload:
      '{"StatusSNS":{"Time":"2021-01-02T09:09:44","BME280":{"Temperature":21.2,"Pressure":991.4},"PressureUnit":"hPa","TempUnit":"C"}}',
    readings: ['dev@arrival BME280_Temperature=21.2 BME280_Pressure=991.4'],
  },
  {
    title: 'a state without its bookkeeping',
    format: 'tasmota',
    payload:
      '{"Time":"2021-01-02T09:09:44","Uptime":"1T02:03:04","UptimeSec":93784,"Heap":24,"SleepMode":"Dynamic","Sleep":50,"LoadAvg":19,"MqttCount":1,"POWER":"ON","Channel":[10,20],"Wifi":{"AP":1,"Channel":6,"RSSI":78,"Signal":-61}}',
    readings: ['dev@arrival POWER=1 Channel_1=10 Channel_2=20 Wifi_RSSI=78 Wifi_Signal=-61'],
    skipped: ['UptimeSec not-measured', 'Wifi/Channel not-measured'],
  },
  {
    title: 'a remote code without measurements',
    format: 'tasmota',
    payload:
      '{"Time":"2021-01-02T09:09:44","RfReceived":{"Sync":12000,"Low":400,"High":1200,"Data":"E5D10E","RfKey":"None"}}',
    readings: [],
  },
  {
    title: 'the devices of a Zigbee bridge',
    format: 'tasmota-zigbee',
    payload:
      '{"ZbReceived":{"0x2916":{"Device":"0x2916","Name":"attic","Temperature":25.72,"Endpoint":1,"LinkQuality":116},"Kitchen":{"Device":"0x9E3C","Humidity":52.7,"Endpoint":1,"LinkQuality":90}}}',
    readings: [
      'dev:0x2916@arrival Temperature=25.72 LinkQuality=116',
      'dev:Kitchen@arrival Humidity=52.7 LinkQuality=90',
    ],
  },
  {
    title: 'a Zigbee device that the topic names, without the wrapper',
    format: 'tasmota-zigbee',
    levels: ['0x2916'],
    payload:
      '{"0x2916":{"Device":"0x2916","Temperature":25.72,"0006/4001":3,"Endpoint":1,"LinkQuality":116}}',
    readings: ['dev:0x2916@arrival Temperature=25.72 m0006_4001=3 LinkQuality=116'],
  },
];

const SHELLY: Row[] = [
  {
    title: 'a notification at its own time, in Celsius only',
    format: 'shelly',
    payload:
      '{"src":"shellyplus1-aabbcc","dst":"shellyplus1-aabbcc/events","method":"NotifyStatus","params":{"ts":1708179956.30,"switch:0":{"id":0,"temperature":{"tC":37.67,"tF":99.81}}}}',
    readings: ['dev@2024-02-17T14:25:56.300Z switch_0_temperature_tC=37.67'],
    skipped: ['params/switch:0/temperature/tF not-measured', 'params/switch:0/id not-measured'],
  },
  {
    title: 'a notification before the clock is set',
    format: 'shelly',
    payload:
      '{"src":"shellyht-aabbcc","method":"NotifyFullStatus","params":{"ts":1.61,"temperature:0":{"id":0,"tC":null,"tF":null,"errors":["read"]},"humidity:0":{"id":0,"rh":51.4},"devicepower:0":{"id":0,"battery":{"V":5.3,"percent":62},"external":{"present":false}},"sys":{"uptime":2,"unixtime":null},"wifi":{"rssi":-61}}}',
    readings: [
      'dev@arrival humidity_0_rh=51.4 devicepower_0_battery_V=5.3 devicepower_0_battery_percent=62 devicepower_0_external_present=0',
    ],
    skipped: [
      'params/ts unused-time',
      'params/temperature:0/tC no-value',
      'params/sys not-measured',
      'params/wifi not-measured',
    ],
  },
  {
    title: 'an event without measurements',
    format: 'shelly',
    payload:
      '{"src":"shellyplus1-aabbcc","method":"NotifyEvent","params":{"ts":1708179956.3,"events":[{"component":"input:0","id":0,"event":"single_push","ts":1708179956.3}]}}',
    readings: [],
  },
  {
    title: 'a document of all components',
    format: 'shelly',
    payload:
      '{"em:0":{"id":0,"a_voltage":230.1,"a_act_power":12.3,"n_current":null},"emdata:0":{"id":0,"total_act":1234.5},"input:0":{"id":0,"state":true},"script:1":{"id":1,"mem_used":300},"cloud":{"connected":true}}',
    readings: [
      'dev@arrival em_0_a_voltage=230.1 em_0_a_act_power=12.3 emdata_0_total_act=1234.5 input_0_state=1',
    ],
    skipped: ['em:0/n_current no-value', 'script:1 not-measured'],
  },
  {
    title: 'the response to Shelly.GetStatus',
    format: 'shelly',
    payload:
      '{"id":1,"src":"shellyplus1-aabbcc","dst":"x","result":{"switch:0":{"id":0,"source":"init","output":false,"apower":0}}}',
    readings: ['dev@arrival switch_0_output=0 switch_0_apower=0'],
  },
  {
    title: 'the status of a switch, named by its topic',
    format: 'shelly',
    levels: ['status', 'switch:0'],
    payload:
      '{"id":0,"source":"timer","output":true,"apower":12.5,"aenergy":{"total":42.0,"by_minute":[1.1,2.0],"minute_ts":1708179900},"temperature":{"tC":42.5,"tF":108.5}}',
    readings: ['dev:switch:0@arrival output=1 apower=12.5 aenergy_total=42 temperature_tC=42.5'],
    skipped: ['aenergy/by_minute not-measured', 'aenergy/minute_ts not-measured'],
  },
  {
    title: 'the status of a thermometer alone',
    format: 'shelly',
    payload: '{"id":0,"tC":21.4,"tF":70.5}',
    readings: ['dev@arrival tC=21.4'],
  },
  {
    title: 'the status document of the first generation',
    format: 'shelly-gen1',
    payload:
      '{"wifi_sta":{"connected":true,"ssid":"x","ip":"192.0.2.5","rssi":-53},"cloud":{"enabled":false},"time":"19:57","unixtime":1707332241,"serial":8,"mac":"AABBCCDDEEFF","relays":[{"ison":false,"has_timer":false,"source":"http"}],"meters":[{"power":0,"overpower":0,"is_valid":true,"timestamp":1707335841,"counters":[0,0,0],"total":2632}],"tmp":{"tC":24.14,"tF":75.45,"is_valid":true},"ext_temperature":{"0":{"hwID":"28ff","tC":999,"tF":999}},"uptime":7340,"ram_total":51000}',
    readings: [
      'dev@2024-02-07T18:57:21.000Z wifi_sta_rssi=-53 relays_0_ison=0 meters_0_power=0 meters_0_overpower=0 meters_0_total=2632 tmp_tC=24.14',
    ],
    skipped: [
      'ext_temperature/0/tC no-value',
      'uptime not-measured',
      'meters/0/timestamp not-measured',
      'time not-measured',
    ],
  },
  {
    title: 'a value of the first generation that is not valid',
    format: 'shelly-gen1',
    payload:
      '{"wifi_sta":{"rssi":-53},"mac":"AABBCCDDEEFF","unixtime":0,"tmp":{"value":0,"tC":0,"is_valid":false},"hum":{"value":44.5,"is_valid":true}}',
    readings: ['dev@arrival wifi_sta_rssi=-53 hum_value=44.5'],
    skipped: ['tmp/tC no-value'],
  },
];

const ZIGBEE: Row[] = [
  {
    title: 'a thermometer at the time it was last seen',
    format: 'zigbee2mqtt',
    levels: ['attic'],
    payload: '{"temperature":27.34,"humidity":44.72,"linkquality":102,"last_seen":1551454365941}',
    readings: ['dev:attic@2019-03-01T15:32:45.941Z temperature=27.34 humidity=44.72 linkquality=102'],
  },
  {
    title: 'the local form of last_seen, and an update without measurements',
    format: 'zigbee2mqtt',
    payload:
      '{"battery":100,"last_seen":"2019-03-01T16:32:45+01:00","elapsed":3021,"linkquality":120,"temperature":17.1,"update":{"state":"idle","installed_version":16777233}}',
    readings: ['dev@2019-03-01T15:32:45.000Z battery=100 linkquality=120 temperature=17.1'],
    skipped: ['update not-measured', 'elapsed not-measured'],
  },
  {
    title: 'a device by its friendly name if no topic names it',
    format: 'zigbee2mqtt',
    payload:
      '{"state_left":"ON","color":{"x":0.3,"y":0.4},"action":"","device":{"friendlyName":"hall/lamp","ieeeAddr":"0x00158d00018255df","networkAddress":4711}}',
    readings: ['dev:hall_lamp@arrival state_left=1 color_x=0.3 color_y=0.4'],
    skipped: ['device not-measured', 'action no-value'],
  },
];

const THEENGS: Row[] = [
  {
    title: 'a thermometer by its address, in Celsius only',
    format: 'theengs',
    payload:
      '{"id":"AA:BB:CC:DD:EE:FF","mac_type":0,"rssi":-90,"brand":"Xiaomi","model":"LYWSD03MMC","model_id":"LYWSD03MMC_ATC","type":"THB","tempc":26.3,"tempf":79.34,"hum":49,"batt":29,"volt":2.487}',
    readings: ['dev:AA:BB:CC:DD:EE:FF@arrival rssi=-90 tempc=26.3 hum=49 batt=29 volt=2.487'],
    skipped: ['tempf not-measured', 'mac_type not-measured'],
  },
  {
    title: 'a thermometer that its topic names',
    format: 'theengs',
    levels: ['BTtoMQTT', 'AABBCCDDEEFF'],
    payload: '{"id":"AA:BB:CC:DD:EE:FF","rssi":-90,"model_id":"X","tempf":79.34,"hum":"52.6"}',
    readings: ['dev:BTtoMQTT:AABBCCDDEEFF@arrival rssi=-90 tempf=79.34 hum=52.6'],
  },
  {
    title: 'a beacon by the address beside its UUID',
    format: 'theengs',
    payload:
      '{"id":"fda50693-a4e2-4fb1-afcf-c6eb07647825","mac":"aa:bb:cc:dd:ee:ff","rssi":-71,"manufacturerdata":"4c00","brand":"GENERIC","txpower":-59}',
    readings: ['dev:AA:BB:CC:DD:EE:FF@arrival rssi=-71 txpower=-59'],
  },
];

const RTL433: Row[] = [
  {
    title: 'a sensor by model, channel and id',
    format: 'rtl_433',
    payload:
      '{"time":"2019-08-29 08:38:19","model":"Nexus-TH","id":42,"channel":2,"battery_ok":1,"temperature_C":20.5,"humidity":83}',
    readings: ['dev:Nexus-TH:2:42@arrival battery_ok=1 temperature_C=20.5 humidity=83'],
    skipped: ['time unused-time'],
  },
  {
    title: 'epoch seconds as text, and an id in hexadecimal digits',
    format: 'rtl_433',
    payload:
      '{"time":"1567067899","model":"Toyota","type":"TPMS","id":"fb3ae1c2","pressure_psi":33.5,"temperature_C":25,"mic":"CRC","freq":433.9,"rssi":-2.1,"snr":19.3,"noise":-21.4}',
    readings: [
      'dev:Toyota:fb3ae1c2@2019-08-29T08:38:19.000Z pressure_psi=33.5 temperature_C=25 rssi=-2.1 snr=19.3',
    ],
  },
  {
    title: 'an offset behind the time, and a topic that names the sensor',
    format: 'rtl_433',
    levels: ['RTL_433toMQTT', 'Nexus-TH', '2', '42'],
    payload:
      '{"time":"2019-08-29 08:38:19.123456+0200","model":"Nexus-TH","id":42,"channel":2,"protocol":19,"mic":"CRC","rain_mm":3.2}',
    readings: ['dev:RTL_433toMQTT:Nexus-TH:2:42@2019-08-29T06:38:19.123Z rain_mm=3.2'],
  },
  {
    title: 'a position in a file, which is not a time',
    format: 'rtl_433',
    payload:
      '{"time":"@1.234s","model":"LaCrosse-TX141THBv2","id":7,"channel":0,"battery_ok":0,"temperature_C":-4.1,"mic":"CRC"}',
    readings: ['dev:LaCrosse-TX141THBv2:0:7@arrival battery_ok=0 temperature_C=-4.1'],
  },
];

const RUUVI: Row[] = [
  {
    title: 'a raw advertisement in format 5',
    format: 'ruuvi',
    payload: gateway(advertised('0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F')),
    readings: [
      `dev:CB:B8:33:4C:88:4F@${HEARD} rssi=-26 temperature=24.3 humidity=53.49 pressure=100044 accelX=0.004 accelY=-0.004 accelZ=1.036 voltage=2.977 txPower=4 movementCounter=66 measurementSequenceNumber=205`,
    ],
    skipped: ['gwts unused-time', 'gw_mac not-measured'],
  },
  {
    title: 'the advertisement of the firmware’s test, with times as text, on a topic with the address',
    format: 'ruuvi',
    levels: ['E3:75:CF:37:4E:23'],
    payload:
      '{"gw_mac":"C8:25:2D:8E:9C:2C","rssi":-26,"aoa":[],"gwts":"1621866500","ts":"1621866499","data":"0201061BFF99040517037758C5C703FCFF30FFF89416B7958AE375CF374E23","coords":""}',
    readings: [
      `dev:E3:75:CF:37:4E:23@${HEARD} rssi=-26 temperature=29.455 humidity=76.38 pressure=100631 accelX=1.02 accelY=-0.208 accelZ=-0.008 voltage=2.784 txPower=4 movementCounter=183 measurementSequenceNumber=38282`,
    ],
  },
  {
    title: 'a tag of format 5 without values',
    format: 'ruuvi',
    payload: gateway(advertised('058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF')),
    readings: [`dev@${HEARD} rssi=-26`],
    skipped: [
      'data/temperature no-value',
      'data/txPower no-value',
      'data/measurementSequenceNumber no-value',
    ],
  },
  {
    title: 'format 3',
    format: 'ruuvi',
    levels: ['AA:BB:CC:DD:EE:01'],
    payload: gateway(advertised('03291A1ECE1EFC18F94202CA0B53')),
    readings: [
      `dev:AA:BB:CC:DD:EE:01@${HEARD} rssi=-26 temperature=26.3 humidity=20.5 pressure=102766 accelX=-1 accelY=-1.726 accelZ=0.714 voltage=2.899`,
    ],
  },
  {
    title: 'format 3 below zero',
    format: 'ruuvi',
    payload: gateway(advertised('0329811ECE1EFC18F94202CA0B53')),
    readings: [
      `dev@${HEARD} rssi=-26 temperature=-1.3 humidity=20.5 pressure=102766 accelX=-1 accelY=-1.726 accelZ=0.714 voltage=2.899`,
    ],
  },
  {
    title: 'format 6',
    format: 'ruuvi',
    payload: gateway(advertised('06170C5668C79E007000C90501D9FFCD004C884F')),
    readings: [
      `dev:4C:88:4F@${HEARD} rssi=-26 temperature=29.5 humidity=55.3 pressure=101102 PM2_5=11.2 CO2=201 VOC=10 NOx=2 luminosity=13026.67 measurementSequenceNumber=205 flag_calibration_in_progress=0`,
    ],
  },
  {
    title: 'a tag of format 6 without values',
    format: 'ruuvi',
    payload: gateway(advertised('068000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF')),
    readings: [`dev@${HEARD} rssi=-26 measurementSequenceNumber=255 flag_calibration_in_progress=1`],
  },
  {
    title: 'format E1, without the part for flags',
    format: 'ruuvi',
    payload: gateway(
      '2BFF9904E1170C5668C79E0065007004BD11CA00C90A0213E0ACFFFFFFDECDEE01FFFFFFFFFFCBB8334C884F',
    ),
    readings: [
      `dev:CB:B8:33:4C:88:4F@${HEARD} rssi=-26 temperature=29.5 humidity=55.3 pressure=101102 PM1_0=10.1 PM2_5=11.2 PM4_0=121.3 PM10_0=455.4 CO2=201 VOC=20 NOx=4 luminosity=13027 measurementSequenceNumber=14601710 flag_calibration_in_progress=1`,
    ],
  },
  {
    title: 'the advertisement of another maker, without a reading',
    format: 'ruuvi',
    payload: gateway('02011A0AFF4C0010050318A1B2C3'),
    readings: [],
  },
  {
    title: 'decoded values beside the advertisement',
    format: 'ruuvi',
    payload:
      '{"gw_mac":"C8:25:2D:8E:9C:2C","rssi":-26,"ts":1621866499,"cnt":"3","data":"0201061BFF9904E1","dataFormat":225,"temperature":29.5,"PM2.5":11.2,"flag_calibration_in_progress":true,"id":"cb:b8:33:4c:88:4f"}',
    readings: [
      `dev:CB:B8:33:4C:88:4F@${HEARD} rssi=-26 temperature=29.5 PM2_5=11.2 flag_calibration_in_progress=1`,
    ],
  },
  {
    title: 'all tags of the gateway',
    format: 'ruuvi',
    payload: `{"data":{"coordinates":"","timestamp":"1621866500","nonce":"88","gw_mac":"C8:25:2D:8E:9C:2C","tags":{"AA:BB:CC:DD:EE:01":{"rssi":-60,"timestamp":"1621866499","data":"${advertised('0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F')}"},"AA:BB:CC:DD:EE:02":{"rssi":-61,"dataFormat":5,"temperature":20.5,"humidity":null,"ble_phy":"1M","ble_chan":37}}}}`,
    readings: [
      `dev:AA:BB:CC:DD:EE:01@${HEARD} rssi=-60 temperature=24.3 humidity=53.49 pressure=100044 accelX=0.004 accelY=-0.004 accelZ=1.036 voltage=2.977 txPower=4 movementCounter=66 measurementSequenceNumber=205`,
      'dev:AA:BB:CC:DD:EE:02@2021-05-24T14:28:20.000Z rssi=-61 temperature=20.5',
    ],
    skipped: ['data/tags/AA:BB:CC:DD:EE:02/humidity no-value', 'data/nonce not-measured'],
  },
  {
    title: 'a decoded tag alone',
    format: 'ruuvi',
    payload:
      '{"mac":"AA:BB:CC:00:11:22","dataFormat":5,"temperature":25.58,"humidity":32.8425,"pressure":98702,"accelX":0.012,"movementCounter":21,"voltage":3.013,"txPower":4,"rssi":-43,"measurementSequenceNumber":62865,"id":"AA:BB:CC:00:11:22"}',
    readings: [
      'dev:AA:BB:CC:00:11:22@arrival temperature=25.58 humidity=32.8425 pressure=98702 accelX=0.012 movementCounter=21 voltage=3.013 txPower=4 rssi=-43 measurementSequenceNumber=62865',
    ],
  },
  {
    title: 'the tags that Ruuvi Station received',
    format: 'ruuvi-station',
    payload:
      '{"deviceId":"phone","eventId":"5a1c","time":"2021-05-24T17:30:00+0300","batteryLevel":88,"location":{"latitude":60.1,"longitude":24.9},"tags":[{"id":"AA:BB:CC:DD:EE:01","name":"Sauna","temperature":78.5,"temperatureOffset":0.5,"humidity":12.1,"pressure":100044,"accelX":0.1,"voltage":2.9,"rssi":-70,"dataFormat":5,"favorite":true,"updateAt":"2021-05-24T17:28:19+0300"}]}',
    readings: [
      `dev:AA:BB:CC:DD:EE:01@${HEARD} temperature=78.5 humidity=12.1 pressure=100044 accelX=0.1 voltage=2.9 rssi=-70`,
    ],
    skipped: ['tags/0/temperatureOffset not-measured', 'batteryLevel not-measured', 'location not-measured'],
  },
];

const OTHERS: Row[] = [
  {
    title: 'a position of OwnTracks',
    format: 'owntracks',
    payload:
      '{"_type":"location","lat":52.5,"lon":13.4,"tst":1497349316,"acc":12,"batt":93,"tid":"42","t":"u","conn":"w","inregions":["home"],"created_at":1497349320}',
    readings: ['dev@2017-06-13T10:21:56.000Z lat=52.5 lon=13.4 acc=12 batt=93'],
    skipped: ['tid not-measured', 'inregions not-measured', 'created_at unused-time'],
  },
  {
    title: 'steps of OwnTracks',
    format: 'owntracks',
    payload: '{"_type":"steps","tst":1400455130,"steps":1234,"from":1400455130,"to":1400458000}',
    readings: ['dev@2014-05-18T23:18:50.000Z steps=1234'],
  },
  {
    title: 'a waypoint of OwnTracks, without measurements',
    format: 'owntracks',
    payload: '{"_type":"waypoint","desc":"home","lat":52.5,"lon":13.4,"rad":50,"tst":1497349316}',
    readings: [],
  },
  {
    title: 'the list of Sensor.Community',
    format: 'sensor-community',
    payload:
      '{"esp8266id":"123","software_version":"NRZ-2020-133","sensordatavalues":[{"value_type":"SDS_P1","value":"12.3"},{"value_type":"BME280_pressure","value":"98702.41"},{"value_type":"HPM_P2","value":"nan"},{"value_type":"samples","value":"812"},{"value_type":"signal","value":"-71"}]}',
    readings: ['dev@arrival SDS_P1=12.3 BME280_pressure=98702.41 signal=-71'],
    skipped: ['sensordatavalues/2/value no-value', 'sensordatavalues/3 not-measured'],
  },
  {
    title: 'a monitor of AirGradient',
    format: 'airgradient',
    payload:
      '{"wifi":-46,"serialno":"aabbccddeeff","rco2":447,"pm01":-1,"pm02":7,"atmp":25.87,"rhum":43,"firmware":"3.1.3","boot":6,"ledMode":"pm"}',
    readings: ['dev@arrival wifi=-46 rco2=447 pm02=7 atmp=25.87 rhum=43'],
    skipped: ['pm01 no-value', 'boot not-measured'],
  },
  {
    title: 'the channels and satellites of AirGradient',
    format: 'airgradient',
    payload:
      '{"wifi":-46,"serialno":"84e612","pm02":7.5,"channels":{"1":{"pm02":7,"atmp":-1000},"2":{"pm02":8}},"satellites":{"aabbccddee01":{"atmp":20.1,"rhum":50,"wifi":-70}}}',
    readings: [
      'dev@arrival wifi=-46 pm02=7.5 channels_1_pm02=7 channels_2_pm02=8',
      'dev:AA:BB:CC:DD:EE:01@arrival atmp=20.1 rhum=50 wifi=-70',
    ],
    skipped: ['channels/1/atmp no-value', 'serialno not-measured'],
  },
  {
    title: 'telemetry of Meshtastic by the node that measured',
    format: 'meshtastic',
    payload:
      '{"channel":0,"from":2130636288,"hops_away":0,"id":3013122110,"payload":{"temperature":23.4,"relative_humidity":51.2,"barometric_pressure":1003.1},"rssi":-31,"sender":"!7efeee00","snr":6.25,"timestamp":1646832724,"to":4294967295,"type":"telemetry"}',
    readings: [
      'dev:7efeee00@2022-03-09T13:32:04.000Z temperature=23.4 relative_humidity=51.2 barometric_pressure=1003.1 rssi=-31 snr=6.25',
    ],
    skipped: ['channel not-measured', 'to not-measured'],
  },
  {
    title: 'a position of Meshtastic in degrees',
    format: 'meshtastic',
    payload:
      '{"from":305419896,"id":1,"payload":{"altitude":12,"latitude_i":476123456,"longitude_i":-1223456789,"time":1646832720},"sender":"!7efeee00","timestamp":1646832724,"type":"position"}',
    readings: [
      'dev:12345678@2022-03-09T13:32:04.000Z latitude=47.6123456 longitude=-122.3456789 altitude=12',
    ],
    skipped: ['payload/time not-measured'],
  },
  {
    title: 'a text message of Meshtastic, without measurements',
    format: 'meshtastic',
    payload:
      '{"from":305419896,"id":1,"payload":{"text":"hi"},"sender":"!7efeee00","timestamp":1646832724,"type":"text"}',
    readings: [],
  },
  {
    title: 'one value for Domoticz',
    format: 'domoticz',
    payload: '{"idx":286,"nvalue":0,"svalue":"19.7"}',
    readings: ['dev:286@arrival svalue=19.7 nvalue=0'],
  },
  {
    title: 'three values for Domoticz',
    format: 'domoticz',
    payload: '{"idx":286,"RSSI":7,"Battery":100,"nvalue":0,"svalue":"19.7;45;1"}',
    readings: ['dev:286@arrival svalue_1=19.7 svalue_2=45 svalue_3=1 RSSI=7 Battery=100 nvalue=0'],
  },
  {
    title: 'a device of Domoticz without a battery and a radio',
    format: 'domoticz',
    payload:
      '{"Battery":255,"RSSI":12,"dtype":"Temp + Humidity","id":"82001","idx":1,"name":"Cameretta","nvalue":0,"stype":"THGN122","svalue1":"7.50","svalue2":"51.40","svalue3":"0","unit":1}',
    readings: ['dev:1@arrival nvalue=0 svalue1=7.5 svalue2=51.4 svalue3=0'],
    skipped: ['Battery no-value', 'RSSI no-value', 'unit not-measured'],
  },
  {
    title: 'the tasks of ESPEasy',
    format: 'espeasy',
    payload:
      '{"System":{"Build":20116,"Uptime":12},"Sensors":[{"TaskValues":[{"ValueNumber":1,"Name":"Temperature","NrDecimals":2,"Value":21.53},{"ValueNumber":2,"Name":"Humidity","NrDecimals":2,"Value":"nan"}],"TaskName":"bme","TaskEnabled":"true","TaskNumber":1},{"TaskValues":[{"Name":"State","Value":1}],"TaskName":"door","TaskEnabled":"false"}],"TTL":60000}',
    readings: ['dev@arrival bme_Temperature=21.53'],
    skipped: [
      'Sensors/0/TaskValues/1/Value no-value',
      'Sensors/1/TaskValues/0/Value no-value',
      'System not-measured',
    ],
  },
  {
    title: 'an entity of Home Assistant',
    format: 'home-assistant',
    payload:
      '{"entity_id":"sensor.attic_temperature","state":"21.5","attributes":{"unit_of_measurement":"°C","device_class":"temperature"},"last_changed":"2024-02-17T14:25:56.123456+00:00","last_updated":"2024-02-17T14:26:56.123456+00:00","context":{"id":"x"}}',
    readings: ['dev:sensor.attic_temperature@2024-02-17T14:26:56.123Z temperature=21.5'],
  },
  {
    title: 'a change of state of Home Assistant',
    format: 'home-assistant',
    payload:
      '{"event_type":"state_changed","event_data":{"entity_id":"switch.pump","old_state":null,"new_state":{"entity_id":"switch.pump","state":"on","attributes":{},"last_updated":"2024-02-17T14:26:56.123456+00:00"}}}',
    readings: ['dev:switch.pump@2024-02-17T14:26:56.123Z state=1'],
  },
  {
    title: 'a discovery configuration, without measurements',
    format: 'home-assistant',
    payload: '{"unique_id":"a1","state_topic":"x/state","expire_after":120,"qos":1}',
    readings: [],
  },
  {
    title: 'a whole message of Node-RED',
    format: 'node-red',
    payload: '{"_msgid":"a1b2","topic":"x","payload":{"temperature":21.5,"timestamp":1708179956000},"qos":0}',
    readings: ['dev@2024-02-17T14:25:56.000Z temperature=21.5'],
    skipped: ['topic not-measured', 'qos not-measured'],
  },
  {
    title: 'a message of Node-RED that holds Tasmota’s, as text',
    format: 'node-red',
    payload: JSON.stringify({
      _msgid: 'a1b2',
      payload: '{"Time":"2021-01-02T09:09:44","DS18B20":{"Temperature":1.2},"TempUnit":"C"}',
    }),
    readings: ['dev@arrival DS18B20_Temperature=1.2'],
    skipped: ['payload/Time unused-time'],
  },
];

const ROWS = [...TASMOTA, ...SHELLY, ...ZIGBEE, ...THEENGS, ...RTL433, ...RUUVI, ...OTHERS];
for (const { title, format, levels, payload, readings, skipped = [] } of ROWS) {
  test(`${format} has ${title}`, () => {
    const message = parse(payload, levels);
    assert.equal(message.format, format);
    assert.deepEqual(shown(message), readings);
    const named = message.skipped.map(({ name, reason }) => `${name} ${reason}`);
    assert.deepEqual(
      skipped.filter((name) => !named.includes(name)),
      [],
    );
  });
}

/** Flat objects that have one marker of a format each, or none. */
const FLAT = [
  '{"id":"AA:BB:CC:DD:EE:FF","rssi":-60,"temperature":3}',
  '{"model":"Nexus-TH","temperature_C":20.5,"humidity":83}',
  '{"model":"ESP-32","channel":3,"temperature_C":20}',
  '{"serialno":"abc","temperature":20,"wifi":-60}',
  '{"_type":"status","temperature":20,"tst":1}',
  '{"Time":"2021-01-02T09:09:44","Temperature":20,"Humidity":50}',
  '{"Time":12.5,"TempUnit":"C","Temperature":20}',
  '{"from":3,"type":"telemetry","payload":5}',
  '{"idx":5,"nvalue":3,"temperature":20}',
  '{"dataFormat":5,"temperature":20}',
  '{"gw_mac":"AA:BB:CC:DD:EE:FF","temperature":20}',
  '{"id":0,"temperature":20,"output":true}',
  '{"_msgid":"x","payload":5,"topic":"a"}',
  '{"entity_id":"sensor.x","state":5}',
  '{"method":"NotifyStatus","src":"x","value":3}',
  '{"linkquality":10,"state":"ON","time":1700000000,"id":"x","update":1}',
  '{"mac":"AABBCCDDEEFF","uptime":5,"temperature":20}',
  '{"value":12.8,"min":0,"max":20}',
  '{"state":"ON","brightness":255,"color_mode":"rgb"}',
];

/** The readings of a payload in the general format: device, time and metrics. */
function general(payload: object): unknown {
  const context = { deviceId: 'dev', site: 'lab', receivedAt: AT, traceId: 't' };
  const parsed = parseReading(readGeneral(payload)![0]!, 't:0', context, LIMITS);
  return 'fault' in parsed ? parsed.fault : essence(parsed.reading);
}

const essence = ({ deviceId, timestamp, metrics }: Reading) => ({ deviceId, timestamp, metrics });

for (const text of FLAT) {
  test(`reads ${text} in the general format`, () => {
    assert.deepEqual(parse(text).accepted.map(essence), [general(JSON.parse(text) as object)]);
  });
}

test('a flat object with common names is read in the general format', () => {
  const names = [
    ...[
      'id',
      'time',
      'Time',
      'timestamp',
      'ts',
      't',
      'tst',
      'last_seen',
      'state',
      'value',
      'data',
      'type',
      'model',
    ],
    ...[
      'temperature',
      'humidity',
      'battery',
      'voltage',
      'rssi',
      'linkquality',
      'update',
      'device',
      'mac',
      'brand',
    ],
    ...[
      'wifi',
      'method',
      'src',
      'params',
      'idx',
      'lat',
      'lon',
      'payload',
      'output',
      'source',
      'errors',
      'channel',
    ],
    ...[
      'TempUnit',
      'Uptime',
      'tags',
      'sensordatavalues',
      'Sensors',
      'relays',
      'state_topic',
      'attributes',
      'from',
    ],
  ];
  const value = fc.oneof(
    fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
    fc.integer({ min: 0, max: 300 }),
    fc.boolean(),
    fc.constantFrom('ON', 'x', '21.5', null, '', '2026-11-29T13:44:00Z', '2026-11-29T13:44:00', 1795959840),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value, { minKeys: 1, maxKeys: 8 }), (payload) => {
      const [reading] = parse(JSON.stringify(payload)).accepted;
      const expected = general(JSON.parse(JSON.stringify(payload)) as object);
      if (reading) assert.deepEqual(essence(reading), expected);
      else assert.equal(typeof expected, 'string');
    }),
    { numRuns: 3000, seed: 11 },
  );
});

/** A document with members removed, added and replaced at any depth. */
function mutated(value: unknown): fc.Arbitrary<unknown> {
  const leaf = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(0, -1, '', 'x', null, [], {}, 1e9, '0x2916'),
  );
  if (typeof value !== 'object' || value === null)
    return fc.oneof({ weight: 6, arbitrary: fc.constant(value) }, leaf);
  if (Array.isArray(value)) {
    return fc.oneof(
      { weight: 6, arbitrary: fc.tuple(...value.map(mutated)) },
      { weight: 1, arbitrary: leaf },
    );
  }
  const members = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mutated(inner)]));
  const record = fc.record(members, { requiredKeys: [] });
  const kept = fc.record(members);
  return fc.oneof(
    { weight: 5, arbitrary: kept },
    { weight: 5, arbitrary: record },
    { weight: 1, arbitrary: leaf },
  );
}

test('no format throws for a document with members that are missing or of other types', () => {
  const documents = ROWS.map(({ payload }) => JSON.parse(payload) as unknown);
  const levels = fc.array(fc.constantFrom('switch:0', 'x', '42', '0x2916', 'AABBCCDDEEFF'), { maxLength: 3 });
  fc.assert(
    fc.property(fc.constantFrom(...documents).chain(mutated), levels, (payload, deeper) => {
      const message = parse(JSON.stringify(payload), deeper);
      assert.ok(message.accepted.length + message.rejected.length + message.skipped.length > 0);
    }),
    { numRuns: 3000, seed: 11 },
  );
});

test('no format throws for any JSON', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      assert.ok(parse(text).rejected.length >= 0);
    }),
    { numRuns: 2000, seed: 11 },
  );
});

test('deeply nested envelopes are not opened without end', () => {
  const deep = `${'{"_msgid":"a","payload":'.repeat(5000)}{"t":1}${'}'.repeat(5000)}`;
  assert.equal(parse(deep).format, 'node-red');
});
