// From what the kernel calls an interface's hardware to the link type that a frame is read by. Truth: linux/if_arp.h, and the
// link-layer header types page of tcpdump.org.

const LINKTYPE_ETHERNET = 1;
const LINKTYPE_RAW = 101;
/** Not decoded, and counted as such. */
const LINKTYPE_UNKNOWN = 0xffff;

/** Hardware types whose frames have a link-layer header that we read. */
const LINK_TYPES = new Map<number, number>([
  [1, LINKTYPE_ETHERNET],
  [772, LINKTYPE_ETHERNET], // loopback
  [7, 129], // ARCNET, with Linux's header
  [513, 104], // Cisco HDLC
  [770, 107], // frame relay
  [801, 105], // 802.11
  [803, 127], // 802.11 with radiotap
  [32, 247], // InfiniBand
]);
/** sll_protocol as it stands in the ring, in network byte order, read by a little-endian machine. */
const IPV4_SWAPPED = 0x0008;
const IPV6_SWAPPED = 0xdd86;

let lastType = -1;
let lastLinkType = 0;

/** `headerLength`: bytes between the start of the frame and its network header. */
export function linkTypeOf(hardwareType: number, protocol: number, headerLength: number): number {
  if (hardwareType === lastType) return lastLinkType;
  const known = LINK_TYPES.get(hardwareType);
  if (known !== undefined) {
    lastType = hardwareType;
    lastLinkType = known;
    return known;
  }
  // Tunnels, tun, PPP, modems: the frame is the IP packet. Other frames of other hardware are nothing that we read.
  return headerLength === 0 || protocol === IPV4_SWAPPED || protocol === IPV6_SWAPPED ? LINKTYPE_RAW : LINKTYPE_UNKNOWN;
}

/** The link type that an interface's packets have, for descriptions. */
export function linkTypeOfInterface(hardwareType: number): number {
  return LINK_TYPES.get(hardwareType) ?? LINKTYPE_RAW;
}

const LINK_NAMES = new Map<number, string>([
  [LINKTYPE_ETHERNET, 'ethernet'],
  [LINKTYPE_RAW, 'ip'],
  [104, 'hdlc'],
  [105, '802.11'],
  [107, 'frame relay'],
  [127, '802.11 radiotap'],
  [129, 'arcnet'],
  [247, 'infiniband'],
]);

/** What an interface's frames are, in a word. */
export function linkNameOf(hardwareType: number): string {
  return LINK_NAMES.get(linkTypeOfInterface(hardwareType)) ?? `hardware type ${hardwareType}`;
}
