// The source of an interface when nothing else is asked for: a ring of its own.

import type { Needed, RingTeam } from '../sources/ring/ring-source.ts';
import type { PacketSource } from '../sources/source.ts';
import type { SourceInit } from './capture.ts';
import type { CaptureConfig } from './interface-config.ts';
import { ringSize } from './ring-share.ts';

export function liveSource(iface: string, config: CaptureConfig, rings: number): Promise<PacketSource> {
  return ringOf(iface, config, rings, {});
}

export interface LiveSourceOptions {
  /** Threads that share the packets of each interface. */
  team?: RingTeam;
  /** What is needed of packets, where the configuration of an interface does not say it. */
  needed?: Needed;
}

/** The same for who has more to say. */
export function liveSourceWith(options: LiveSourceOptions): SourceInit {
  return (iface, config, rings) => ringOf(iface, config, rings * (options.team?.size ?? 1), options);
}

async function ringOf(
  iface: string,
  config: CaptureConfig,
  rings: number,
  { team, needed }: LiveSourceOptions,
): Promise<PacketSource> {
  const { openLive } = await import('../sources/ring/open-live.ts');
  return openLive({
    interfaces: [iface],
    filter: filterOf(config),
    promiscuous: config.promisc === true,
    // A filter that is given, be it an empty one, says which packets are taken.
    takesAll: config.filter !== undefined,
    ...(needed === undefined ? {} : { needed }),
    ...(config.snap_length === undefined ? {} : { snapLength: config.snap_length }),
    ...ringSize(config, rings),
    wait: 'never',
    ...(team === undefined ? {} : { team }),
  });
}

/** As tcpdump takes it; '' for none. */
function filterOf({ filter = '', ignore_vlans }: CaptureConfig): string {
  if (ignore_vlans !== true) return filter;
  return filter === '' ? 'not vlan' : `(${filter}) and not vlan`;
}
