// What stands around a flow on the link: the interface, MAC addresses, VLAN tags, tunnels. Most flows share theirs with many others, so each
// combination is kept once and a flow holds its number.

import type { Places, Processes } from '../protocols/flow-view.ts';
import type { PacketBatch } from '../sources/source.ts';
import { Cursor } from '../wire/cursor.ts';
import { decode, decodeReassembled } from '../wire/decode.ts';
import { describeTunnels, type TunnelDescription } from '../wire/describe.ts';
import { InternalNetworks } from './internal-networks.ts';
import type { OwnAddresses } from './own-addresses.ts';

/** Combinations kept; flows beyond have none, and that is counted. */
export const MAX_LINKS = 65_536;
const LINKTYPE_ETHERNET = 1;
const NO_TUNNELS: readonly TunnelDescription[] = [];
/** Slots for pairs seen lately, chosen by the top bits of a hash: far more than there are pairs, for two of one slot drive each other out. */
const RECENT = 8192;
const RECENT_SHIFT = 19;

export interface Link {
  /** The capturing interface of the flow's first packet; undefined where the capture does not name it. */
  interfaceName: string | undefined;
  /** MAC address of the lower endpoint's side and of the higher one's, in ECS form; undefined where the link has none. */
  macA: string | undefined;
  macB: string | undefined;
  /** VLAN ids, outermost first. */
  vlan: readonly string[] | undefined;
  /** Outermost first, as the flow's first packet went. */
  tunnels: readonly TunnelDescription[] | undefined;
}

export class Links {
  /** Where the ends of a flow are; undefined: nobody wants to know. */
  readonly places: Places | undefined;
  /** Whose processes they are; undefined: nobody wants to know. */
  readonly processes: Processes | undefined;
  /** On which side of them the ends of a flow are. */
  readonly networks: InternalNetworks;
  readonly #links: Link[] = [
    { interfaceName: undefined, macA: undefined, macB: undefined, vlan: undefined, tunnels: undefined },
  ];
  readonly #ids = new Map<string, number>();
  readonly #cursor = new Cursor();
  /** Flows that got no link because the table is full. */
  overflow = 0;
  /** Names of the source's interfaces by `PacketBatch.interfaceId`, '' for unnamed ones. */
  interfaceNames: readonly string[] = [];
  /** Plain Ethernet pairs seen lately: three words of addresses, direction, interface, link. Nearly every new flow has one of a few. */
  readonly #recent = new Int32Array(RECENT * 6).fill(-1);

  /** `internalNetworks`: one's own (`internal-networks.ts`); `own`: addresses of this machine, where it is the one that captures. */
  constructor(
    internalNetworks: readonly string[] = [],
    places: Places | undefined = undefined,
    processes: Processes | undefined = undefined,
    own: OwnAddresses | undefined = undefined,
  ) {
    this.places = places;
    this.processes = processes;
    this.networks = new InternalNetworks(internalNetworks, own);
  }

  get(id: number): Link {
    return this.#links[id];
  }

  /**
   * The link of a flow whose first packet is packet `index` of the batch; `reverse`: it went from the higher endpoint to the lower. `whole`:
   * the datagram that this packet, a fragment, made whole; `between`: the tunnels around that which the fragment does not show.
   */
  of(
    batch: PacketBatch,
    index: number,
    reverse: boolean,
    tunnelled: boolean,
    whole: Uint8Array | null = null,
    between: readonly TunnelDescription[] = NO_TUNNELS,
  ): number {
    const at = batch.offset[index];
    const interfaceId = batch.interfaceId[index];
    if (batch.linkType[index] === LINKTYPE_ETHERNET && !tunnelled && batch.vlan[index] === 0) {
      const type = batch.view.getUint16(at + 12);
      if (type === 0x0800 || type === 0x86dd) {
        const w0 = batch.view.getInt32(at);
        const w1 = batch.view.getInt32(at + 4);
        const w2 = batch.view.getInt32(at + 8);
        const turned = reverse ? 1 : 0;
        const recent = this.#recent;
        // One pair's both directions are as frequent where addresses on its two sides are higher by turns: they have slots of their own.
        const way = (interfaceId << 1) | turned;
        const r = ((Math.imul(w0 ^ w2, 0x9e3779b1) ^ Math.imul(w1 ^ way, 0x85ebca77)) >>> RECENT_SHIFT) * 6;
        if (
          recent[r] === w0 &&
          recent[r + 1] === w1 &&
          recent[r + 2] === w2 &&
          recent[r + 3] === turned &&
          recent[r + 4] === interfaceId
        )
          return recent[r + 5];
        recent[r] = w0;
        recent[r + 1] = w1;
        recent[r + 2] = w2;
        recent[r + 3] = turned;
        recent[r + 4] = interfaceId;
        recent[r + 5] = this.#intern(
          interfaceId,
          mac(batch.bytes, at + 6),
          mac(batch.bytes, at),
          reverse,
          undefined,
          undefined,
        );
        return recent[r + 5];
      }
    }
    const c = this.#cursor;
    c.reset(batch.bytes, batch.view, at, batch.capturedLength[index], batch.wireLength[index]);
    if (batch.vlan[index] !== 0) {
      c.vlanOuter = batch.vlan[index] & 0xfff;
      c.vlanCount = 1;
    }
    decode(c, batch.linkType[index]);
    let tunnels = c.tunnels > 0 ? describeTunnels(c) : undefined;
    let bytes = batch.bytes;
    let { ethernet } = c;
    if (whole !== null && tunnelled) {
      // The cursor keeps what it knows of the fragments; the tunnels in the datagram itself come behind.
      decodeReassembled(c, whole, new DataView(whole.buffer, whole.byteOffset), 0, whole.length);
      tunnels = [...(tunnels ?? []), ...between, ...describeTunnels(c)];
      if (c.ethernet >= 0) {
        ethernet = c.ethernet;
        bytes = whole;
      }
    }
    const vlan = vlansOf(c);
    if (ethernet < 0) return this.#intern(interfaceId, undefined, undefined, reverse, vlan, tunnels);
    return this.#intern(interfaceId, mac(bytes, ethernet + 6), mac(bytes, ethernet), reverse, vlan, tunnels);
  }

  /** The link of a flow of which only this is known. */
  ofCounted(interfaceId: number, vlan: readonly string[] | undefined): number {
    return this.#intern(interfaceId, undefined, undefined, false, vlan, undefined);
  }

  #intern(
    interfaceId: number,
    source: string | undefined,
    destination: string | undefined,
    reverse: boolean,
    vlan: readonly string[] | undefined,
    tunnels: readonly TunnelDescription[] | undefined,
  ): number {
    const macA = reverse ? destination : source;
    const macB = reverse ? source : destination;
    const interfaceName = this.interfaceNames[interfaceId] || undefined;
    const key = `${macA}/${macB}/${vlan?.join('.') ?? ''}/${tunnels === undefined ? '' : JSON.stringify(tunnels)}/${interfaceName ?? ''}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    if (this.#links.length >= MAX_LINKS) {
      this.overflow++;
      return 0;
    }
    const id = this.#links.length;
    this.#links.push({ interfaceName, macA, macB, vlan, tunnels });
    this.#ids.set(key, id);
    return id;
  }
}

function vlansOf({ vlanCount, vlanOuter, vlanInner, vlanDeeper }: Cursor): string[] | undefined {
  if (vlanCount === 0) return undefined;
  const ids = [vlanOuter, vlanInner, ...vlanDeeper.subarray(0, Math.max(0, vlanCount - 2))];
  return ids.slice(0, vlanCount).map(String);
}

const HEX = Buffer.from('0123456789ABCDEF');
const MAC_OCTETS = 6;
const macText = Buffer.from('00-00-00-00-00-00');

/**
 * ECS writes MAC addresses as RFC 7042 does: upper case, hyphens. In one piece: a text that was put together stays a tree of its parts, of
 * 32 bytes each.
 */
function mac(bytes: Uint8Array, at: number): string {
  for (let i = 0; i < MAC_OCTETS; i++) {
    macText[i * 3] = HEX[bytes[at + i] >> 4];
    macText[i * 3 + 1] = HEX[bytes[at + i] & 15];
  }
  return macText.latin1Slice();
}
