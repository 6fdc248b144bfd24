// netscribe interfaces: what there is to capture on.

import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Command } from 'commander';
import { linkNameOf } from '../sources/ring/link-type.ts';
import { type Link, listLinks } from '../system/links.ts';
import { NETLINK, openNetlink } from '../system/netlink.ts';
import { newCommand, parse, withHelp } from './command.ts';
import { EXIT_OK } from './exit.ts';
import { print } from './print.ts';

const EXAMPLES = `  netscribe interfaces                 names, states, addresses
  netscribe interfaces --json | jq     the same for scripts`;

interface Interface {
  name: string;
  index: number;
  state: string;
  link: string;
  kind: string;
  mtu: number;
  /** Mbit/s; null when nobody knows. */
  speed: number | null;
  mac: string;
  addresses: string[];
}

export function definition(): Command {
  return newCommand('interfaces', 'Interfaces to capture on.', EXAMPLES).option('--json', 'one JSON document per line');
}

export function main(words: string[]): Promise<number> {
  return withHelp(async () => {
    const command = definition();
    parse(command, words);
    using netlink = await openNetlink(NETLINK.ROUTE);
    const interfaces = listLinks(netlink).map(describe);
    if (command.opts<{ json?: boolean }>().json === true) {
      for (const one of interfaces) print(`${JSON.stringify(one)}\n`);
    } else print(table(interfaces));
    return EXIT_OK;
  });
}

function describe(link: Link): Interface {
  return {
    name: link.name,
    index: link.index,
    // Loopback and tunnels have no carrier to speak of: the administrative state is all there is.
    state: link.isUp ? (link.state === 'unknown' ? 'up' : link.state) : 'down',
    link: linkNameOf(link.hardwareType),
    kind: link.kind,
    mtu: link.mtu,
    speed: speedOf(link.name),
    mac: link.address,
    addresses: (networkInterfaces()[link.name] ?? []).map(({ cidr, address }) => cidr ?? address),
  };
}

/** The driver's word, which is missing for virtual interfaces and those that are down. */
function speedOf(name: string): number | null {
  try {
    const speed = Number(readFileSync(`/sys/class/net/${name}/speed`, 'utf8'));
    return speed > 0 ? speed : null;
  } catch {
    return null;
  }
}

function table(interfaces: readonly Interface[]): string {
  const rows = interfaces.map(({ name, state, link, kind, mtu, speed, addresses }) => [
    name,
    state,
    kind === '' ? link : `${link} (${kind})`,
    `mtu ${mtu}`,
    speed === null ? '' : `${speed} Mbit/s`,
    addresses.join(' '),
  ]);
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i].length))) ?? [];
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
