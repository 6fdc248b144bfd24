// The record of one message, filled from its options and the relay agents around it. There is one record object: `emit` encodes it at
// once, so the next message may overwrite it.

import { blankRecord } from '../../records/record.ts';
import { hex, printableOrHex, textOf } from '../dhcpv4/bytes.ts';
import type { FlowView } from '../flow-view.ts';
import { u16 } from '../octets.ts';
import { associationsAmong, ipv6At, statusAmong } from './associations.ts';
import * as code from './codes.ts';
import { duidLinkLayerAddress, duidText } from './duid.ts';
import type { Message, RelayLayer } from './message.ts';
import { type Dhcpv6Record, dhcpv6Record, type Relay } from './record.ts';
import * as value from './values.ts';

const blank = blankRecord(dhcpv6Record);
const record = blankRecord(dhcpv6Record);
let message: Message;
/** Options of the message that have a field of their own and whose value is right, by their number in the list. */
const isTold = new Uint8Array(256);

/** Everything but times, endpoints, bytes, status and notes. */
export function fillDocument(from: Message, flow: FlowView): Dhcpv6Record {
  message = from;
  Object.assign(record, blank);
  isTold.fill(0);
  record.messageType = code.messageTypeName(message.type);
  record.cut = message.isCut ? true : undefined;
  if (message.faultAt >= 0) record.malformedAt = message.faultAt;
  if (message.relays > 0) record.relays = message.layers.slice(0, message.relays).map(relayOf);
  if (message.hasInner) {
    record.transactionId = `0x${message.transactionId.toString(16).padStart(6, '0')}`;
    fillIdentities();
    fillOptions();
    fillVendors();
    fillRest();
  }
  const addresses = new Set(flow.relatedIp);
  for (const { ip } of record.addresses ?? []) addresses.add(ip.toString());
  record.relatedIp = [...addresses];
  return record;
}

type Reader<T> = (bytes: Uint8Array, from: number, to: number) => T | undefined;

/** The first option with this code, read; undefined when it is absent or wrong: then it is shown as bytes. */
function read<T>(number: number, reader: Reader<T>): T | undefined {
  const { options, bytes } = message;
  const i = options.find(number);
  if (i < 0) return undefined;
  const result = reader(bytes, options.from[i], options.to[i]);
  if (result !== undefined) isTold[i] = 1;
  return result;
}

/** Every option with this code that can be read; undefined without. */
function readAll<T>(number: number, reader: Reader<T>): T[] | undefined {
  const { options, bytes } = message;
  const list: T[] = [];
  for (let i = 0; i < options.count; i++) {
    if (options.codes[i] !== number) continue;
    const result = reader(bytes, options.from[i], options.to[i]);
    if (result === undefined) continue;
    isTold[i] = 1;
    list.push(result);
  }
  return list.length > 0 ? list : undefined;
}

function fillIdentities(): void {
  const { options, bytes } = message;
  record.clientId = read(code.OPTION_CLIENT_ID, duidText);
  record.serverId = read(code.OPTION_SERVER_ID, duidText);
  record.clientMac =
    message.layers
      .slice(0, message.relays)
      .reduceRight<string | undefined>((mac, layer) => mac ?? clientMacOf(layer), undefined) ??
    read(code.OPTION_CLIENT_ID, duidLinkLayerAddress);
  const { list, addresses, prefixes } = associationsAmong(options, bytes);
  if (list.length > 0) record.associations = list;
  if (addresses.length > 0) record.addresses = addresses;
  if (prefixes.length > 0) record.prefixes = prefixes;
  for (let i = 0; i < options.count; i++) {
    const number = options.codes[i];
    const least = number === code.OPTION_IA_TA ? 4 : 12;
    const isAssociation = number === code.OPTION_IA_NA || number === code.OPTION_IA_TA || number === code.OPTION_IA_PD;
    if (isAssociation && options.to[i] - options.from[i] >= least) isTold[i] = 1;
  }
  if (code.isFromServer(message.type)) record.assignedIp = addresses.find(({ valid }) => valid > 0)?.ip;
  const status = statusAmong(options, bytes);
  record.statusCode = status.statusCode;
  record.statusMessage = status.statusMessage;
  if (status.statusCode !== undefined) isTold[options.find(code.OPTION_STATUS)] = 1;
}

function fillOptions(): void {
  const codes = read(code.OPTION_REQUEST, value.numbers16);
  record.requested = codes?.map(code.optionName);
  record.fingerprint = codes?.join(',');
  record.preference = read(code.OPTION_PREFERENCE, (bytes, from, to) => (to - from === 1 ? bytes[from] : undefined));
  // RFC 8415 section 21.9: hundredths of a second.
  record.elapsed = read(code.OPTION_ELAPSED_TIME, (bytes, from, to) =>
    to - from === 2 ? u16(bytes, from) / 100 : undefined,
  );
  record.unicast = read(code.OPTION_UNICAST, (bytes, from, to) => (to - from === 16 ? ipv6At(bytes, from) : undefined));
  record.rapidCommit = read(code.OPTION_RAPID_COMMIT, (_bytes, from, to) => (from === to ? true : undefined));
  record.reconfigureAccept = read(code.OPTION_RECONFIGURE_ACCEPT, (_bytes, from, to) =>
    from === to ? true : undefined,
  );
  record.reconfigure = read(code.OPTION_RECONFIGURE_MESSAGE, (bytes, from, to) =>
    to - from === 1 ? code.messageTypeName(bytes[from]) : undefined,
  );
  record.dnsServers = read(code.OPTION_DNS_SERVERS, value.ipv6List);
  record.domainList = read(code.OPTION_DOMAIN_LIST, value.uncompressedNames);
  record.fqdn = read(code.OPTION_FQDN, value.fqdn);
  record.ntpServers = readAll(code.OPTION_NTP_SERVER, value.ntpServers)?.flat();
}

function fillVendors(): void {
  record.userClass = read(code.OPTION_USER_CLASS, value.countedTexts);
  record.vendorClass = readAll(code.OPTION_VENDOR_CLASS, value.vendorClass);
  record.vendorOptions = readAll(code.OPTION_VENDOR_OPTIONS, value.vendorData);
}

/** What has no field of its own: by name when it can be read, else as bytes. Of options that come again the first. */
function fillRest(): void {
  const { options, bytes } = message;
  const settings = new Map<string, string | readonly string[] | number | boolean>();
  const unknown = new Map<string, string>();
  for (let i = 0; i < options.count; i++) {
    if (isTold[i] === 1) continue;
    const number = options.codes[i];
    const known = value.plainOption(number, bytes, options.from[i], options.to[i]);
    if (known !== undefined && !settings.has(known[0])) settings.set(known[0], known[1]);
    else if (known === undefined && !unknown.has(String(number))) {
      unknown.set(String(number), hex(bytes, options.from[i], options.to[i]));
    }
  }
  if (settings.size > 0) record.settings = [...settings];
  if (unknown.size > 0) record.unknown = [...unknown];
}

function readIn<T>(layer: RelayLayer, number: number, reader: Reader<T>): T | undefined {
  const { options } = layer;
  const i = options.find(number);
  return i < 0 ? undefined : reader(message.bytes, options.from[i], options.to[i]);
}

function clientMacOf(layer: RelayLayer): string | undefined {
  return readIn(layer, code.OPTION_CLIENT_LINK_LAYER, value.clientLinkLayer);
}

function relayOf(layer: RelayLayer): Relay {
  const { bytes } = message;
  return {
    type: code.messageTypeName(bytes[layer.at]),
    hops: bytes[layer.at + 1],
    linkAddress: ipv6At(bytes, layer.at + 2),
    peerAddress: ipv6At(bytes, layer.at + 18),
    interfaceId: readIn(layer, code.OPTION_INTERFACE_ID, printableOrHex),
    remoteId: readIn(layer, code.OPTION_REMOTE_ID, value.remoteId),
    subscriberId: readIn(layer, code.OPTION_SUBSCRIBER_ID, textOf),
    clientMac: clientMacOf(layer),
  };
}
