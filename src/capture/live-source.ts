// The source of an interface when nothing else is asked for: a ring of its own. It goes on with another configuration, and in a smaller ring,
// without missing a packet.

import type { LiveOptions } from '../sources/ring/open-live.ts';
import type { Needed } from '../sources/ring/ring-options.ts';
import { newRingTeam, type RingTeam } from '../sources/ring/ring-team.ts';
import type { SourceInit, SourceRenew } from './capture.ts';
import type { CaptureConfig } from './interface-config.ts';
import { ringSize } from './ring-share.ts';

export interface LiveSourceOptions {
  /** Threads that share the packets of each interface (default: this one alone). */
  team?: RingTeam;
  /** What is needed of packets, where the configuration of an interface does not say it. */
  needed?: Needed;
}

export interface LiveSources {
  sourceInit: SourceInit;
  sourceRenew: SourceRenew;
}

export function liveSources({ team = newRingTeam(1), needed }: LiveSourceOptions = {}): LiveSources {
  const options = (iface: string, config: CaptureConfig, rings: number) =>
    ringOptions(iface, config, rings * team.size, { team, ...(needed === undefined ? {} : { needed }) });
  return {
    async sourceInit(iface, config, rings) {
      const { openLive } = await import('../sources/ring/open-live.ts');
      return openLive(options(iface, config, rings));
    },
    async sourceRenew(source, iface, config, rings) {
      const [{ renewLive }, { RingSource }] = await Promise.all([
        import('../sources/ring/open-live.ts'),
        import('../sources/ring/ring-source.ts'),
      ]);
      if (!(source instanceof RingSource)) return false;
      await renewLive(source, options(iface, config, rings));
      return true;
    },
  };
}

function ringOptions(iface: string, config: CaptureConfig, rings: number, options: LiveSourceOptions): LiveOptions {
  return {
    ...options,
    interfaces: [iface],
    filter: filterOf(config),
    promiscuous: config.promisc === true,
    // A filter that is given, be it an empty one, says which packets are taken.
    takesAll: config.filter !== undefined,
    ...(config.snap_length === undefined ? {} : { snapLength: config.snap_length }),
    ...ringSize(config, rings),
    wait: 'never',
  };
}

/** As tcpdump takes it; '' for none. */
export function filterOf({ filter = '', ignore_vlans }: CaptureConfig): string {
  if (ignore_vlans !== true) return filter;
  return filter === '' ? 'not vlan' : `(${filter}) and not vlan`;
}
