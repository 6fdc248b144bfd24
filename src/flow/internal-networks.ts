// Which addresses are of one's own networks, and what that makes of a flow: `network.direction` as ECS has it for an observer at the
// perimeter (https://www.elastic.co/guide/en/ecs/current/ecs-network.html). Networks are prefixes or the names that Beats have for ranges.

import type { Address } from '../records/address.ts';
import { inNetwork, type Network, parseNetwork } from '../records/network.ts';
import type { OwnAddresses } from './own-addresses.ts';

export type NetworkDirection = 'ingress' | 'egress' | 'internal' | 'inbound' | 'outbound' | 'external' | 'unknown';

/** Seen from the other side. */
export const REVERSED: Readonly<Record<NetworkDirection, NetworkDirection>> = {
  ingress: 'egress',
  egress: 'ingress',
  internal: 'internal',
  inbound: 'outbound',
  outbound: 'inbound',
  external: 'external',
  unknown: 'unknown',
};

/** Ranges by name: IANA's special-purpose registries, RFC 1918, RFC 4193, RFC 4291. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];
const LINK_LOCAL_UNICAST = ['169.254.0.0/16', 'fe80::/10'];
const MULTICAST = ['224.0.0.0/4', 'ff00::/8'];
const UNSPECIFIED = ['0.0.0.0/32', '::/128'];
const BROADCAST = ['255.255.255.255/32'];
const NO_GLOBAL_UNICAST = [...LOOPBACK, ...LINK_LOCAL_UNICAST, ...MULTICAST, ...UNSPECIFIED, ...BROADCAST];

interface Range {
  readonly networks: readonly string[];
  /** The addresses outside of them are meant. */
  readonly isOutside?: boolean;
}
const RANGES: Readonly<Record<string, Range>> = {
  loopback: { networks: LOOPBACK },
  private: { networks: PRIVATE },
  link_local_unicast: { networks: LINK_LOCAL_UNICAST },
  interface_local_multicast: { networks: ['ff01::/16'] },
  link_local_multicast: { networks: ['224.0.0.0/24', 'ff02::/16'] },
  multicast: { networks: MULTICAST },
  unspecified: { networks: UNSPECIFIED },
  unicast: { networks: NO_GLOBAL_UNICAST, isOutside: true },
  global_unicast: { networks: NO_GLOBAL_UNICAST, isOutside: true },
  public: { networks: [...NO_GLOBAL_UNICAST, ...PRIVATE], isOutside: true },
};

/** Names of ranges, for messages. */
export const RANGE_NAMES: readonly string[] = Object.keys(RANGES);

/** Whether `text` names a network. */
export const isNetwork = (text: string): boolean => Object.hasOwn(RANGES, text) || parseNetwork(text) !== undefined;

interface Prefix {
  readonly network: Network;
  /** Of IPv6: `::/0` is not meant to hold IPv4. */
  readonly v6: boolean;
}

function prefixesOf(networks: readonly string[]): Prefix[] {
  return networks.flatMap((text) => {
    const network = parseNetwork(text);
    return network === undefined ? [] : [{ network, v6: text.includes(':') }];
  });
}

/** Of `LOOPBACK` or `LINK_LOCAL_UNICAST`; asked for every flow, and so without their list. */
function isNear(address: Address): boolean {
  if (address.v6 === false) {
    const first = address.w3 >>> 16;
    return first >>> 8 === 127 || first === 0xa9fe;
  }
  const { w0, w1, w2, w3 } = address;
  return w0 >>> 22 === 0x3fa || ((w0 | w1 | w2) === 0 && w3 === 1);
}

export class InternalNetworks {
  readonly #own: OwnAddresses | undefined;
  readonly #ranges: readonly { prefixes: readonly Prefix[]; isOutside: boolean }[];

  /** Networks as `isNetwork` takes them; others are passed over. `own`: those of the machine that captures, where it is this one. */
  constructor(networks: readonly string[], own?: OwnAddresses) {
    this.#own = own;
    this.#ranges = networks.map((text) => {
      const { networks: some, isOutside = false } = Object.hasOwn(RANGES, text) ? RANGES[text] : { networks: [text] };
      return { prefixes: prefixesOf(some), isOutside };
    });
  }

  /**
   * What comes to this machine, or goes from it, is ingress or egress, as with Packetbeat; loopback and link-local addresses count as its own. Of
   * the rest the networks decide; `unknown` when none were told.
   */
  direction(source: Address, destination: Address): NetworkDirection {
    if (this.#own !== undefined) {
      if (this.#isOwn(destination)) return 'ingress';
      if (this.#isOwn(source)) return 'egress';
    }
    if (this.#ranges.length === 0) return 'unknown';
    const fromInside = this.#has(source);
    if (this.#has(destination)) return fromInside ? 'internal' : 'inbound';
    return fromInside ? 'outbound' : 'external';
  }

  #isOwn(address: Address): boolean {
    return isNear(address) || this.#own!.has(address);
  }

  #has(address: Address): boolean {
    return this.#ranges.some(
      ({ prefixes, isOutside }) =>
        prefixes.some(({ network, v6 }) => v6 === address.v6 && inNetwork(network, address)) !== isOutside,
    );
  }
}
