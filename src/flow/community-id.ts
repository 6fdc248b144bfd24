// Community ID version 1: a hash of a flow's addresses, protocol and ports that other tools compute the same way.
// Truth: github.com/corelight/community-id-spec (the text, and its reference code for what the text leaves open).
//
//   '1:' + base64(sha1(seed 16 | address A | address B | protocol 8 | 0 | port A 16 | port B 16)), all big-endian
//
// A is the endpoint with the smaller address (of equals: the smaller port), so both directions give the same id. The ports are
// left out for protocols that the specification gives none.

import type { Address } from '../records/address.ts';
import { base64Text, Digest, sha1 } from './sha1.ts';

export const IP_ICMP = 1;
export const IP_TCP = 6;
export const IP_UDP = 17;
export const IP_ICMPV6 = 58;
export const IP_SCTP = 132;

const NO_COUNTERPART = -1;

function counterparts(pairs: readonly (readonly [number, number])[]): Int16Array {
  const table = new Int16Array(256).fill(NO_COUNTERPART);
  for (const [request, reply] of pairs) {
    table[request] = reply;
    table[reply] = request;
  }
  return table;
}

/** Echo, router solicitation, timestamp, information, address mask. */
const ICMP_COUNTERPARTS = counterparts([
  [8, 0],
  [10, 9],
  [13, 14],
  [15, 16],
  [17, 18],
]);

/** Echo, multicast listener, router, neighbour, node information, home agent discovery. */
const ICMPV6_COUNTERPARTS = counterparts([
  [128, 129],
  [130, 131],
  [133, 134],
  [135, 136],
  [139, 140],
  [144, 145],
]);

/**
 * The type that answers an ICMP type, or that it answers; -1 for one-way types (errors, redirects, reports).
 * `protocol` is 1 (ICMP) or 58 (ICMPv6). Two types that are counterparts belong to one flow.
 */
export function icmpCounterpart(protocol: number, type: number): number {
  return (protocol === IP_ICMP ? ICMP_COUNTERPARTS : ICMPV6_COUNTERPARTS)[type & 0xff];
}

const MAX_INPUT = 2 + 16 + 16 + 2 + 4;
const input = new DataView(new ArrayBuffer(MAX_INPUT));
const digest = new Digest();

/** Returns the offset behind it. */
function writeAddress(address: Address, at: number): number {
  if (!address.v6) {
    input.setInt32(at, address.w3);
    return at + 4;
  }
  input.setInt32(at, address.w0);
  input.setInt32(at + 4, address.w1);
  input.setInt32(at + 8, address.w2);
  input.setInt32(at + 12, address.w3);
  return at + 16;
}

/** Negative when a comes before b as big-endian bytes. */
function compareAddresses(a: Address, b: Address): number {
  return a.w0 - b.w0 || a.w1 - b.w1 || a.w2 - b.w2 || a.w3 - b.w3;
}

/**
 * The Community ID of a flow. For ICMP and ICMPv6 the ports are the type and the code of a message from `source` to
 * `destination`. Both addresses are of one family. The result does not depend on which end is called the source, except for
 * one-way ICMP messages, which have a direction of their own. A negative `sourcePort` says that no ports were seen (fragments,
 * cut headers): the id is that of a protocol without ports then.
 */
export function communityId(
  source: Address,
  destination: Address,
  protocol: number,
  sourcePort: number,
  destinationPort: number,
  seed = 0,
): string {
  communityDigest(source, destination, protocol, sourcePort, destinationPort, seed, digest);
  return `1:${base64Text(digest)}`;
}

/** The same as the digest that stands in it. */
export function communityDigest(
  source: Address,
  destination: Address,
  protocol: number,
  sourcePort: number,
  destinationPort: number,
  seed: number,
  into: Digest,
): void {
  const isIcmp = protocol === IP_ICMP || protocol === IP_ICMPV6;
  const hasPorts = sourcePort >= 0 && (isIcmp || protocol === IP_TCP || protocol === IP_UDP || protocol === IP_SCTP);
  let isOneWay = false;
  let portA = sourcePort;
  let portB = destinationPort;
  if (isIcmp && hasPorts) {
    const counterpart = icmpCounterpart(protocol, sourcePort);
    if (counterpart === NO_COUNTERPART) isOneWay = true;
    else portB = counterpart;
  }
  const order = compareAddresses(source, destination);
  const inOrder = isOneWay || order < 0 || (order === 0 && (!hasPorts || portA <= portB));
  if (!inOrder) {
    const port = portA;
    portA = portB;
    portB = port;
  }
  input.setUint16(0, seed);
  let at = writeAddress(inOrder ? source : destination, 2);
  at = writeAddress(inOrder ? destination : source, at);
  input.setUint16(at, protocol << 8);
  at += 2;
  if (hasPorts) {
    input.setUint16(at, portA);
    input.setUint16(at + 2, portB);
    at += 4;
  }
  sha1(input, at, into);
}
