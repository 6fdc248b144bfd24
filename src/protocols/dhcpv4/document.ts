// The record of one message, filled from its header and options. There is one record object: `emit` encodes it at once, so the next
// message may overwrite it.

import { Address } from '../../records/address.ts';
import { blankRecord } from '../../records/record.ts';
import type { FlowView } from '../flow-view.ts';
import { u16, u32 } from '../octets.ts';
import { hex, linkLayerAddress, textOf } from './bytes.ts';
import * as code from './codes.ts';
import { domainNames } from './domain-names.ts';
import { CIADDR, GIADDR, type Message, SIADDR, YIADDR } from './message.ts';
import { plainOption } from './plain-options.ts';
import { type Dhcpv4Record, dhcpv4Record } from './record.ts';
import {
  classlessRoutes,
  clientIdentifier,
  fqdn,
  ipv4List,
  type Route,
  relayAgent,
  userClasses,
  vendorData,
} from './values.ts';

const blank = blankRecord(dhcpv4Record);
const record = blankRecord(dhcpv4Record);
let message: Message;
/** Codes of the options that have a field of their own and whose value is right. */
const isTold = new Uint8Array(256);

/** Everything but times, endpoints, bytes, status and notes. */
export function fillDocument(from: Message, flow: FlowView): Dhcpv4Record {
  message = from;
  Object.assign(record, blank);
  isTold.fill(0);
  fillHeader();
  const mac = message.clientMac;
  record.clientMac = mac === '' ? undefined : mac;
  if (message.hasCookie) {
    fillOptions();
    fillClient();
    fillRelayAgent();
    fillRest();
  } else if (!message.isCut) record.isBootp = true;
  const addresses = new Set(flow.relatedIp);
  for (const address of [record.currentIp, record.assignedIp, record.relayIp]) {
    if (address !== undefined) addresses.add(address.toString());
  }
  record.relatedIp = [...addresses];
  return record;
}

function fillHeader(): void {
  record.opCode = message.isReply ? 'bootreply' : 'bootrequest';
  record.transactionId = `0x${message.transactionId.toString(16).padStart(8, '0')}`;
  record.hardwareType = code.hardwareTypeName(message.hardwareType);
  record.hops = message.hops;
  record.seconds = message.seconds;
  record.flags = message.isBroadcast ? 'broadcast' : 'unicast';
  record.currentIp = message.address(CIADDR);
  record.assignedIp = message.address(YIADDR);
  record.nextServerIp = message.address(SIADDR);
  record.relayIp = message.address(GIADDR);
  record.serverName = message.serverName || undefined;
  record.bootFile = message.bootFile || undefined;
  record.cut = message.isCut ? true : undefined;
  if (message.faultAt >= 0) record.malformedAt = message.faultAt;
  // Each area that holds options is named; bit 0 is `file`, bit 1 `sname`.
  if (message.overload > 0)
    record.overload = ['file', 'sname'].filter((_, bit) => (message.overload & (1 << bit)) !== 0);
  if (message.isEndMissing && !message.isCut && message.faultAt < 0) record.endMissing = true;
}

// Each reader below gives undefined for an option that is absent or has a wrong length; the latter is then shown as bytes.

function told<T>(number: number, value: T | undefined): T | undefined {
  if (value !== undefined) isTold[number] = 1;
  return value;
}

function address(number: number): Address | undefined {
  if (!message.find(number) || message.end - message.from !== 4) return undefined;
  return told(number, new Address().setV4(u32(message.value, message.from)));
}

function number32(number: number): number | undefined {
  if (!message.find(number) || message.end - message.from !== 4) return undefined;
  return told(number, u32(message.value, message.from));
}

function text(number: number): string | undefined {
  return message.find(number) ? told(number, textOf(message.value, message.from, message.end)) : undefined;
}

function read<T>(
  number: number,
  reader: (bytes: Uint8Array, from: number, to: number) => T | undefined,
): T | undefined {
  return message.find(number) ? told(number, reader(message.value, message.from, message.end)) : undefined;
}

/** The fields that Packetbeat has. */
function fillOptions(): void {
  const type = messageType(message);
  if (type > 0) record.messageType = told(code.OPTION_MESSAGE_TYPE, code.messageTypeName(type));
  if (message.overload > 0) isTold[code.OPTION_OVERLOAD] = 1;
  record.requestedIp = address(code.OPTION_REQUESTED_ADDRESS);
  record.serverIdentifier = address(code.OPTION_SERVER_ID);
  record.broadcastAddress = address(code.OPTION_BROADCAST_ADDRESS);
  record.subnetMask = address(code.OPTION_SUBNET_MASK);
  if (message.find(code.OPTION_MAX_SIZE) && message.end - message.from === 2) {
    record.maxSize = told(code.OPTION_MAX_SIZE, u16(message.value, message.from));
  }
  record.classIdentifier = text(code.OPTION_CLASS_ID);
  record.domainName = text(code.OPTION_DOMAIN_NAME);
  record.hostname = text(code.OPTION_HOSTNAME);
  record.message = text(code.OPTION_MESSAGE);
  record.bootFileOption = text(code.OPTION_BOOT_FILE);
  record.dnsServers = read(code.OPTION_DOMAIN_SERVER, ipv4List);
  record.routers = read(code.OPTION_ROUTER, ipv4List);
  record.timeServers = read(code.OPTION_TIME_SERVER, ipv4List);
  record.ntpServers = read(code.OPTION_NTP_SERVERS, ipv4List);
  const offset = number32(code.OPTION_TIME_OFFSET);
  record.timeOffset = offset === undefined ? undefined : offset | 0;
  record.leaseTime = number32(code.OPTION_LEASE_TIME);
  record.renewalTime = number32(code.OPTION_RENEWAL_TIME);
  record.rebindingTime = number32(code.OPTION_REBINDING_TIME);
  record.vendorOptions = read(code.OPTION_VENDOR_OPTIONS, vendorData);
}

function fillClient(): void {
  if (message.find(code.OPTION_PARAMETER_LIST)) {
    isTold[code.OPTION_PARAMETER_LIST] = 1;
    const codes = [...message.value.subarray(message.from, message.end)];
    record.parameterList = codes.map(code.optionName);
    record.fingerprint = codes.join(',');
  }
  record.clientIdentifier = read(code.OPTION_CLIENT_ID, clientIdentifier);
  record.fqdn = read(code.OPTION_FQDN, fqdn);
  record.userClass = read(code.OPTION_USER_CLASS, userClasses);
  record.vendorClass = read(code.OPTION_VENDOR_CLASS, vendorData);
  record.vendorSpecific = read(code.OPTION_VENDOR_SPECIFIC, hex);
  if (message.has(code.OPTION_RAPID_COMMIT)) record.rapidCommit = told(code.OPTION_RAPID_COMMIT, true);
  record.searchList = read(code.OPTION_DOMAIN_SEARCH, (bytes, from, to) => domainNames(bytes, from, to, true));
  const routes: Route[] = [];
  const seen = new Set<string>();
  for (const number of [code.OPTION_CLASSLESS_ROUTES, code.OPTION_MICROSOFT_ROUTES]) {
    for (const route of read(number, classlessRoutes) ?? []) {
      // Servers send the same list under both codes.
      const words = `${route.destination} ${route.router}`;
      if (!seen.has(words)) routes.push(route);
      seen.add(words);
    }
  }
  if (routes.length > 0) record.routes = routes;
}

function fillRelayAgent(): void {
  const agent = read(code.OPTION_RELAY_AGENT, relayAgent);
  if (agent === undefined) return;
  record.circuitId = agent.circuitId;
  record.remoteId = agent.remoteId;
  record.linkSelection = agent.linkSelection;
  record.subscriberId = agent.subscriberId;
  record.serverOverride = agent.serverOverride;
  if (agent.others.length > 0) record.relayOthers = agent.others;
}

/** What has no field of its own: by name when it can be read, else as bytes. Each code once, in the order of the message. */
function fillRest(): void {
  const settings: [string, string | readonly string[] | number | boolean][] = [];
  const unknown: [string, string][] = [];
  for (let i = 0; i < message.options; i++) {
    const number = message.codes[i];
    if (isTold[number] === 1) continue;
    isTold[number] = 1;
    message.find(number);
    const known = plainOption(number, message.value, message.from, message.end);
    if (known === undefined) unknown.push([String(number), hex(message.value, message.from, message.end)]);
    else settings.push(known);
  }
  if (settings.length > 0) record.settings = settings;
  if (unknown.length > 0) record.unknown = unknown;
}

/** The DHCP message type; 0: BOOTP. */
export function messageType(message: Message): number {
  return message.find(code.OPTION_MESSAGE_TYPE) && message.end > message.from ? message.value[message.from] : 0;
}

/** Who the client is, whatever way the message comes: its hardware address, or the bytes of its identifier where it has none. */
export function clientKey(message: Message): string {
  const mac = message.clientMac;
  if (mac !== '') return mac;
  return message.find(code.OPTION_CLIENT_ID) ? linkLayerAddress(message.value, message.from, message.end) : '';
}
