// Links that come and go, as a source follows them, step by step: what people are told, and whose packets are whose that are read late.

import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Namespace, noNamespaces, type Program } from '../kit/namespace.ts';
import { unless } from '../kit/unless.ts';

const ETHERNET = 1;
const RAW = 101;
const noTun = existsSync('/dev/net/tun') ? '' : 'there is no /dev/net/tun here';

unless(noNamespaces).describe('links that come and go', () => {
  let ns: Namespace;
  let links: Program;
  beforeEach(() => {
    ns = new Namespace();
    ns.pair('c', 'd');
    links = ns.script('follow-links.ts');
  });
  afterEach(async () => {
    links.child.stdin!.end();
    await links.end();
    await ns.remove();
  });

  const ask = async (line: string) => JSON.parse(await links.ask(line));
  const indexOf = (link: string): number => JSON.parse(ns.ip(`-j link show dev ${link}`))[0].ifindex;

  test('packets of one that is gone are read as its packets', async () => {
    const index = indexOf('d');
    expect(await ask('follow')).toEqual([]);
    ns.ip('link del dev c');
    expect(await ask('follow')).toEqual(['d is gone']);
    // They had come before, and wait in the ring.
    expect(await ask(`name ${index}`)).toEqual(['d', ETHERNET]);
    ns.ipAtOnce(`link add name c type veth peer name d index ${index + 100}`, 'link set dev d up');
    expect(await ask('follow')).toEqual(['d is there']);
    expect(await ask(`name ${index}`)).toEqual(['d', ETHERNET]);
    ns.ip(`link add name e index ${index} type veth peer name f`);
    expect(await ask('follow')).toEqual([]);
    expect(await ask(`name ${index}`)).toEqual(['e', ETHERNET]);
  });

  unless(noTun).test('one of another kind that takes the name of one that is gone is another interface', async () => {
    const index = indexOf('d');
    expect(await ask(`name ${index}`)).toEqual(['d', ETHERNET]);
    ns.ip('link del dev c');
    ns.ip('tuntap add dev d mode tun');
    expect(await ask('follow')).toEqual(['d is gone', 'd is there']);
    expect(await ask(`name ${indexOf('d')}`)).toEqual(['d', RAW]);
    expect(await ask(`name ${index}`)).toEqual(['d', ETHERNET]);
  });

  test('that one is back is told though a packet asked for it before', async () => {
    expect(await ask('follow')).toEqual([]);
    ns.ip('link del dev c');
    expect(await ask('follow')).toEqual(['d is gone']);
    ns.pair('c', 'd');
    expect(await ask(`name ${indexOf('d')}`)).toEqual(['d', ETHERNET]);
    expect(await ask('follow')).toEqual(['d is there']);
  });

  test('all that follow them in a thread hear of each change', async () => {
    await ask('changed');
    expect(await ask('changed')).toEqual([false, false]);
    ns.ip('link set dev d down');
    expect(await ask('changed')).toEqual([true, true]);
    expect(await ask('changed')).toEqual([false, false]);
    ns.ip('link del dev c');
    // The word of it is taken from the kernel by whoever looks first, be it for another reason.
    expect(await ask(`name ${indexOf('b') + 1000}`)).toEqual([`if${indexOf('b') + 1000}`, ETHERNET]);
    expect(await ask('changed')).toEqual([true, true]);
    expect(await ask('follow')).toEqual(['d is gone']);
  });
});
