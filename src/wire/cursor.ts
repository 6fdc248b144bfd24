// The cursor that decoders move through one packet. One object, reused for every packet: offsets, never copies.
//
// A decoder is a function `(c: Cursor) => number`: it reads the header at `c.at`, pushes its layer, moves `c.at` behind the
// header, narrows `c.end` to what the header says it carries, and returns the id of the layer that follows (`Layer.done`
// when the rest is payload). When the header is not whole or not right it calls `c.fail` and returns `Layer.done`.

/** At most this many layers are decoded; deeper nesting is cut off and counted (`Fault.tooManyLayers`). */
export const MAX_LAYERS = 16;

/** VLAN ids that are kept: as many as a packet has room for, a datagram within its fragments, and the one that the kernel took out. */
export const MAX_VLANS = 2 * MAX_LAYERS + 1;

/** Why decoding stopped early. 0 means that it did not. */
export const FAULT_NAMES = ['none', 'cut', 'malformed', 'tooManyLayers', 'unsupportedLink'] as const;
export type FaultName = (typeof FAULT_NAMES)[number];
/** `cut`: the header goes beyond the captured bytes (snap length); `malformed`: the header contradicts itself. */
export const Fault = Object.freeze(Object.fromEntries(FAULT_NAMES.map((n, i) => [n, i]))) as unknown as {
  readonly [Name in FaultName]: number;
};

/** Bits of `Cursor.checksum`. A bit is only set where the whole checksummed part was captured. */
export const CHECKSUM_NETWORK_BAD = 1;
export const CHECKSUM_TRANSPORT_BAD = 2;
/** The transport checksum was computed (so that "not bad" means "good"). */
export const CHECKSUM_TRANSPORT_CHECKED = 4;

export class Cursor {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Where the next header starts. */
  at = 0;
  /** End of the captured bytes that belong to the current layer (exclusive). */
  end = 0;
  /** Where the current layer would end if all had been captured; at least `end`. */
  wireEnd = 0;
  /** The capture does not hold the whole packet (snap length). */
  isCut = false;

  /** The stack: layer id, offset of its header, length of its header. */
  readonly layers = new Uint8Array(MAX_LAYERS);
  readonly offsets = new Int32Array(MAX_LAYERS);
  readonly lengths = new Int32Array(MAX_LAYERS);
  depth = 0;

  fault = 0;
  /** The layer that failed, and the offset (in `bytes`) of the field that was wrong. */
  faultLayer = 0;
  faultOffset = 0;
  checksum = 0;

  /** Innermost network header: its offset, 4 or 6 (0 when the packet has none), and its end as the IP length says, uncut. */
  network = 0;
  ipVersion = 0;
  /** Innermost IP protocol number: what follows the last extension header. */
  protocol = 0;
  /**
   * Offset of the innermost transport header, -1 when there is none to read (non-first fragment, cut). When it is not -1,
   * all its fixed part was captured (TCP: 20 bytes, UDP: 8, SCTP and DCCP: 12, ICMP: 8) and may be read without a check.
   * A header cut behind its ports gives -1 and still sets the ports.
   */
  transport = -1;
  sourcePort = 0;
  destinationPort = 0;
  /** Bytes behind the transport header: captured ones are [payload, payloadEnd), `payloadLength` were sent. */
  payload = 0;
  payloadEnd = 0;
  payloadLength = 0;

  /** The innermost network header is a fragment (offset not 0 or more to come). */
  fragment = false;
  /** Offset in bytes of the fragment's data in its datagram; the MF flag; the identification; where the data starts. */
  fragmentOffset = 0;
  moreFragments = false;
  fragmentId = 0;
  fragmentData = 0;
  /** IPv6 only: offset of the byte that names the fragment header (its next-header field), 0 otherwise. */
  fragmentNextHeaderAt = 0;
  /** Length of the unfragmentable part of an IPv6 datagram from the IPv6 header on, without the fragment header. */
  unfragmentable = 0;

  /** VLAN ids of the whole packet, outermost first (0 = none), with their count; those behind the second stand in `vlanDeeper`. */
  vlanOuter = 0;
  vlanInner = 0;
  vlanCount = 0;
  readonly vlanDeeper = new Uint16Array(MAX_VLANS - 2);
  /** Tunnel layers passed so far. */
  tunnels = 0;
  /** What separates address spaces inside tunnels: VXLAN/GENEVE VNI, NVGRE VSID, GRE key is not one (differs by direction). 0 none. */
  virtualNetwork = 0;
  /** Offset of the innermost Ethernet header, -1 when there is none: where the MAC addresses are. */
  ethernet = -1;
  /** EtherType (or 0x1000000 + other id, see `other.ts`) of what was not IP, for counting. */
  otherType = 0;
  /** Set by the owner of the cursor, kept by `reset`: IPv4 header checksums are verified while decoding. */
  wantChecksums = false;

  reset(bytes: Uint8Array, view: DataView, at: number, capturedLength: number, wireLength: number): void {
    this.bytes = bytes;
    this.view = view;
    this.at = at;
    this.end = at + capturedLength;
    this.isCut = wireLength > capturedLength;
    this.wireEnd = at + (this.isCut ? wireLength : capturedLength);
    this.depth = 0;
    this.fault = 0;
    this.faultLayer = 0;
    this.faultOffset = 0;
    this.checksum = 0;
    this.network = 0;
    this.ipVersion = 0;
    this.protocol = 0;
    this.transport = -1;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.payload = 0;
    this.payloadEnd = 0;
    this.payloadLength = 0;
    this.fragment = false;
    this.fragmentOffset = 0;
    this.moreFragments = false;
    this.fragmentId = 0;
    this.fragmentData = 0;
    this.fragmentNextHeaderAt = 0;
    this.unfragmentable = 0;
    this.vlanOuter = 0;
    this.vlanInner = 0;
    this.vlanCount = 0;
    this.tunnels = 0;
    this.virtualNetwork = 0;
    this.ethernet = -1;
    this.otherType = 0;
  }

  /** Notes a layer whose header is [offset, offset + length). The caller of the decoders has made sure there is room. */
  push(layer: number, offset: number, length: number): void {
    const depth = this.depth;
    this.layers[depth] = layer;
    this.offsets[depth] = offset;
    this.lengths[depth] = length;
    this.depth = depth + 1;
  }

  /**
   * Stops decoding because the header at `at` needs `need` bytes and fewer are there: `cut` when the rest was sent but not
   * captured, `malformed` when it was never sent.
   */
  short(layer: number, need: number): number {
    return this.fail(this.wireEnd - this.at < need ? Fault.malformed : Fault.cut, layer, this.end);
  }

  /** What lies between `at` and the end of the current layer is the payload, as far as is known by now. */
  restIsPayload(): void {
    this.payload = this.at;
    this.payloadEnd = this.end;
    this.payloadLength = this.wireEnd - this.at;
  }

  /** Stops decoding; returns `Layer.done` so that a decoder can `return c.fail(…)`. */
  fail(fault: number, layer: number, offset: number): number {
    this.fault = fault;
    this.faultLayer = layer;
    this.faultOffset = offset;
    return 0;
  }
}
