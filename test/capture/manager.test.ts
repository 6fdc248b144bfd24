// The capture manager with packets from memory and from files: what is captured, written out, told.

import { describe, expect, test, vi } from 'vitest';
import { ConfigError, MAX_INTERFACES } from '../../src/capture/interface-config.ts';
import type { LinkState, LinkTable } from '../../src/capture/link-table.ts';
import {
  CaptureManager,
  initManager,
  type ManagerOption,
  newManager,
  withErrorHandler,
  withFlowLog,
  withLinks,
  withLocalBuffers,
  withMetrics,
  withSkipWriteoutSchedule,
  withSourceInitFn,
} from '../../src/capture/manager.ts';
import { Metrics } from '../../src/capture/metrics.ts';
import { openInputs } from '../../src/sources/open.ts';
import { type MadePacket, udpFrame } from '../kit/packets.ts';
import { capture, hasShared } from '../kit/shared.ts';
import { FedSource, until, Writeouts } from './kit.ts';

const udp = (n: number, from = 30_000): MadePacket[] =>
  Array.from({ length: n }, (_, i) => ({ at: i, bytes: udpFrame(from + i, 9999) }));
const udp6 = (n: number): MadePacket[] =>
  Array.from({ length: n }, (_, i) => ({
    at: i,
    bytes: udpFrame(30_000 + i, 9999, { from: '2001:db8::1', to: '2001:db8::2' }),
  }));

/** Many flows quickly: one frame, with another source port each. */
const many = (n: number, port: number): MadePacket[] => {
  const frame = udpFrame(0, port);
  return Array.from({ length: n }, (_, i) => {
    const bytes = Uint8Array.from(frame);
    bytes[34] = (10_000 + i) >> 8;
    bytes[35] = (10_000 + i) & 255;
    return { at: 0, bytes };
  });
};

class FakeLinks implements LinkTable {
  links: LinkState[] = [];
  #changed = false;
  set(...names: string[]): void {
    this.links = names.map((name) => ({ name: name.replace('-', ''), isUp: !name.endsWith('-') }));
    this.#changed = true;
  }
  list(): LinkState[] {
    return this.links;
  }
  hasChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }
  close(): void {}
}

async function withManager(
  body: (manager: CaptureManager, source: (name: string) => FedSource, writeouts: Writeouts) => Promise<void>,
  ...options: ManagerOption[]
): Promise<Writeouts> {
  const sources = new Map<string, FedSource>();
  const source = (name: string): FedSource => {
    if (!sources.has(name)) sources.set(name, new FedSource());
    return sources.get(name)!;
  };
  const writeouts = new Writeouts();
  const init = withSourceInitFn((name) => {
    if (sources.get(name)?.isOpen === false && source(name).stats().packets > 0) sources.set(name, new FedSource());
    return source(name);
  });
  const manager = await newManager(
    writeouts,
    init,
    withErrorHandler(() => undefined),
    ...options,
  );
  try {
    await body(manager, source, writeouts);
  } finally {
    await manager.close();
  }
  return writeouts;
}

describe('update', () => {
  test('says what was enabled, updated, disabled', async () => {
    await withManager(async (manager) => {
      expect(await manager.update({ eth0: {}, eth1: { promisc: true } })).toEqual({
        enabled: [
          { name: 'eth0', success: true },
          { name: 'eth1', success: true },
        ],
        updated: [],
        disabled: [],
      });
      expect(await manager.update({ eth1: { promisc: true, filter: 'tcp' }, eth2: {} })).toEqual({
        enabled: [{ name: 'eth2', success: true }],
        updated: [{ name: 'eth1', success: true }],
        disabled: [{ name: 'eth0', success: true }],
      });
      expect(await manager.update({ eth1: { filter: 'tcp', promisc: true }, eth2: {} })).toEqual({
        enabled: [],
        updated: [],
        disabled: [],
      });
      expect(manager.config()).toEqual({ eth1: { promisc: true, filter: 'tcp' }, eth2: {} });
      expect(Object.keys(manager.config('eth2', 'none'))).toEqual(['eth2']);
    });
  });

  test('every setting counts as a change', async () => {
    await withManager(async (manager) => {
      const settings = [
        { ignore_vlans: true },
        { filter: 'udp' },
        { snap_length: 96 },
        { ring_buffer: { num_blocks: 8 } },
        { ring_buffer: { block_size: 8192 } },
      ];
      await manager.update({ eth0: {} });
      for (const config of settings) expect((await manager.update({ eth0: config })).updated).toHaveLength(1);
    });
  });

  test('what leaves or changes is written out with its last packets', async () => {
    const writeouts = await withManager(async (manager, source) => {
      await manager.update({ eth0: {}, eth1: {} });
      source('eth0').feed(udp(3));
      source('eth1').feed(udp(5));
      await manager.update({ eth1: { promisc: true } });
      source('eth1').feed(udp(7));
    });
    expect(writeouts.packets()).toEqual({ eth0: 3, eth1: 12 });
  });

  test('one that can not be captured touches no other and is tried again', async () => {
    await withManager(async (manager, source) => {
      source('bad').error = new Error('no such thing');
      expect((await manager.update({ bad: {}, good: {} })).enabled).toEqual([
        { name: 'bad', success: false },
        { name: 'good', success: true },
      ]);
      source('good').feed(udp(4));
      await until(() => manager.status().good.processed_total === 4);
      expect(manager.status().bad).toMatchObject({ state: 'failed', error: 'no such thing' });
      source('bad').error = undefined;
      await until(() => manager.status().bad.state === 'capturing');
    });
  });

  test('one that fails while it is captured touches no other', async () => {
    await withManager(async (manager, source) => {
      await manager.update({ bad: {}, good: {} });
      source('bad').feed(udp(2));
      await until(() => manager.status().bad.processed_total === 2);
      source('bad').error = new Error('the ring is gone');
      await until(() => manager.status().bad.state === 'failed');
      source('good').feed(udp(4));
      await until(() => manager.status().good.processed_total === 4);
      expect(manager.status().bad).toMatchObject({ error: 'the ring is gone', received_total: 2, processed_total: 2 });
    });
  });

  test('close by name writes out and lets go of those alone', async () => {
    const writeouts = await withManager(async (manager, source, out) => {
      await manager.update({ eth0: {}, eth1: {} });
      for (const name of ['eth0', 'eth1']) source(name).feed(udp(3));
      await manager.close('eth0', 'none');
      expect(Object.keys(manager.status())).toEqual(['eth1']);
      expect(out.packets()).toEqual({ eth0: 3 });
      expect([source('eth0').isOpen, source('eth1').isOpen]).toEqual([false, true]);
      source('eth1').feed(udp(2));
    });
    expect(writeouts.packets()).toEqual({ eth0: 3, eth1: 5 });
  });

  test('a disabled interface is known and not captured', async () => {
    await withManager(async (manager, source) => {
      expect(await manager.update({ eth0: { disable: true } })).toMatchObject({
        enabled: [],
        disabled: [{ name: 'eth0', success: true }],
      });
      expect(manager.status().eth0.state).toBe('disabled');
      expect(source('eth0').isOpen).toBe(false);
    });
  });

  test('refuses what can not be meant, and changes nothing', async () => {
    await withManager(async (manager) => {
      await manager.update({ eth0: {} });
      const many = Object.fromEntries(Array.from({ length: MAX_INTERFACES + 1 }, (_, i) => [`eth${i}`, {}]));
      await expect(manager.update(many)).rejects.toThrow(/at most 1024/);
      await expect(manager.update({ 'eth/0': {} })).rejects.toThrow(ConfigError);
      await expect(manager.update({ '/eth(/': {} })).rejects.toThrow(/Invalid regular expression/);
      await expect(manager.update({ eth0: { ring_buffer: { num_blocks: 0 } } })).rejects.toThrow(
        /ring_buffer.num_blocks/,
      );
      expect(Object.keys(manager.config())).toEqual(['eth0']);
    });
  });
});

describe('links', () => {
  test('patterns and detection follow them; a name beats a pattern', async () => {
    const links = new FakeLinks();
    links.set('lo', 'eth0', 'eth1');
    await withManager(async (manager, source) => {
      await manager.update({ '/^eth/': {}, eth1: { promisc: true } });
      expect(manager.config()).toEqual({ eth1: { promisc: true }, eth0: {} });
      links.set('lo', 'eth1', 'eth2');
      await until(() => Object.keys(manager.config()).toSorted().join() === 'eth1,eth2');
      source('eth2').feed(udp(2));
      await until(() => manager.status().eth2.processed_total === 2);
      expect((await manager.autodetect({ exclude: ['lo', '/1$/'] })).disabled).toEqual([
        { name: 'eth1', success: true },
      ]);
      expect(Object.keys(manager.config())).toEqual(['eth2']);
      links.set('lo', 'eth1', 'eth2', 'wlan0');
      await until(() => Object.keys(manager.config()).join() === 'eth2,wlan0');
    }, withLinks(links));
  });

  test('a name is waited for: gone, down, up, back', async () => {
    const links = new FakeLinks();
    links.set('lo');
    await withManager(async (manager, source) => {
      expect((await manager.update({ eth0: {} })).enabled).toEqual([{ name: 'eth0', success: true }]);
      expect(manager.status().eth0).toMatchObject({ state: 'waiting', error: "there is no interface 'eth0' now" });
      links.set('eth0');
      await until(() => manager.status().eth0.state === 'capturing');
      links.set('eth0-');
      await until(() => manager.status().eth0.error === "the interface 'eth0' is down");
      links.set('eth0');
      await until(() => manager.status().eth0.state === 'capturing');
      source('eth0').feed(udp(3));
      await until(() => manager.status().eth0.processed_total === 3);
    }, withLinks(links));
  });
});

describe('write-outs', () => {
  test('give each interface since the last one; status totals go on', async () => {
    await withManager(async (manager, source, writeouts) => {
      await manager.update({ eth0: {} });
      source('eth0').feed(udp(10));
      await until(() => manager.status().eth0.processed_total === 10);
      await manager.rotate(new Date(300_000));
      expect(manager.lastRotation).toEqual(new Date(300_000));
      source('eth0').dropped = 2;
      source('eth0').feed(udp(4));
      await until(() => manager.status().eth0.processed_total === 14);
      expect(manager.status().eth0).toMatchObject({ processed: 4, dropped: 2, dropped_total: 2, received: 4 });
      expect(manager.status().eth0).toMatchObject({ processed: 4, dropped: 2, dropped_total: 2, received: 4 });
      await manager.rotate(new Date(600_000));
      expect(writeouts.all.map(({ timestamp }) => timestamp.getTime())).toEqual([300_000, 600_000]);
      expect(writeouts.all.map(({ flows }) => flows[0].stats)).toEqual([
        { received: 10, processed: 10, dropped: 0, overflow: 0 },
        { received: 4, processed: 4, dropped: 2, overflow: 0 },
      ]);
    });
  });

  test('that fail are offered again, nothing is lost', async () => {
    const errors: string[] = [];
    const writeouts = await withManager(
      async (manager, source, out) => {
        await manager.update({ eth0: {} });
        out.error = new Error('the disk is full');
        for (let i = 1; i <= 3; i++) {
          source('eth0').feed(udp(5));
          await until(() => manager.status().eth0.processed_total === 5 * i);
          await manager.rotate(new Date(i * 1000));
        }
        out.error = undefined;
      },
      withErrorHandler((error) => errors.push(error.message)),
    );
    expect(errors).toEqual(['the disk is full', 'the disk is full', 'the disk is full']);
    expect(writeouts.packets()).toEqual({ eth0: 15 });
    expect(writeouts.all.map(({ timestamp }) => timestamp.getTime()).slice(0, 3)).toEqual([1000, 2000, 3000]);
  });

  test('go on with packets coming in: they wait in the buffer, IPv6 as IPv6, and are counted', async () => {
    const metrics = new Metrics();
    const writeouts = await withManager(async (manager, source) => {
      await manager.update({ eth0: {} });
      const flows = 60_000;
      source('eth0').feed([...many(30_000, 9998), ...many(30_000, 9997)]);
      await until(() => manager.status().eth0.processed_total === flows);
      expect(manager.status().eth0.flows).toBe(flows);
      for (let i = 0; i < 40; i++) source('eth0').feed([...udp6(50), ...udp(50)]);
      const rotation = manager.rotate(new Date(1000));
      // The write-out reads the flows first: packets that come from now on belong to the next one.
      await new Promise((resolve) => setImmediate(resolve));
      const view = manager.flowMaps();
      // Status is asked for all the time, and disturbs nothing.
      for (let i = 0; i < 100; i++) {
        manager.status();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await rotation;
      await until(() => manager.status().eth0.processed_total === flows + 4000);
      await view;
      const after = [...(await manager.flowMaps()).eth0];
      // None is booked to another flow.
      expect(new Set(after.map(({ sip, dip, dport }) => `${sip} ${dip} ${dport}`))).toEqual(
        new Set(['10.0.0.1 10.0.0.2 9999', '2001:db8::1 2001:db8::2 9999']),
      );
      expect(after.reduce((sum, flow) => sum + flow.packetsRcvd, 0)).toBe(4000);
      await manager.rotate();
    }, withMetrics(metrics));
    expect(writeouts.packets()).toEqual({ eth0: 64_000 });
    expect(await metrics.registry.metrics()).toMatch(/rotation_duration_seconds_count 2/);
  });

  test('with buffers that are full packets wait in the ring, and it is told', async () => {
    const errors: string[] = [];
    const writeouts = await withManager(
      async (manager, source) => {
        await manager.update({ eth0: {} });
        source('eth0').feed(many(50_000, 9998));
        await until(() => manager.status().eth0.processed_total === 50_000);
        for (let i = 0; i < 10; i++) source('eth0').feed(many(1000, 9999));
        await manager.rotate();
        await until(() => manager.status().eth0.processed_total === 60_000);
      },
      withLocalBuffers(1, 8192),
      withErrorHandler((error, iface) => errors.push(`${iface} ${error.name}`)),
    );
    expect(errors).toContain('eth0 LocalBufferOverflowError');
    expect(writeouts.packets()).toEqual({ eth0: 60_000 });
  });

  test('are due at multiples of the interval, from a second to an hour', async () => {
    await withManager(async (manager, source, writeouts) => {
      for (const bad of [0, 0.5, 3601, Number.NaN]) expect(() => manager.scheduleWriteouts(bad)).toThrow(RangeError);
      await manager.update({ eth0: {} });
      source('eth0').feed(udp(3));
      manager.scheduleWriteouts(1);
      await until(() => writeouts.all.length >= 2);
      for (const { timestamp } of writeouts.all) expect(timestamp.getTime() % 1000).toBe(0);
    });
  });
});

test('a full flow log is told in the status', async () => {
  await withManager(
    async (manager, source) => {
      await manager.update({ eth0: {} });
      source('eth0').feed(udp(30));
      await until(() => manager.status().eth0.processed_total === 30);
      expect(manager.status().eth0).toMatchObject({ flows: 10, overflow_packets: 20 });
    },
    withFlowLog({ maxFlows: 10 }),
  );
});

test('flow maps are filtered copies', async () => {
  await withManager(async (manager, source) => {
    await manager.update({ eth0: {}, eth1: {} });
    source('eth0').feed([...udp(3), ...udp6(2)]);
    source('eth1').feed(udp(1));
    await until(() => manager.status().eth0.processed_total === 5 && manager.status().eth1.processed_total === 1);
    const maps = await manager.flowMaps(({ sip }) => sip.includes(':'), 'eth0');
    expect(Object.keys(maps)).toEqual(['eth0']);
    expect(maps.eth0.toJSON()).toMatchObject([{ sip: '2001:db8::1', packetsRcvd: 2 }]);
    expect(Object.keys(await manager.flowMaps())).toEqual(['eth0', 'eth1']);
    expect((await manager.flowMaps()).eth0.size).toBe(2);
    // What is counted later is not in it, and what is done to it is not done to the flows.
    source('eth0').feed(udp(4, 40_000));
    await until(() => manager.status().eth0.processed_total === 9);
    expect(maps.eth0.toJSON()).toMatchObject([{ packetsRcvd: 2 }]);
    maps.eth0.secondaryMap.counters.fill(0);
    expect((await manager.flowMaps(({ sip }) => sip.includes(':'))).eth0.toJSON()).toMatchObject([{ packetsRcvd: 2 }]);
  });
});

test('initManager captures, schedules unless told not to, and cleans up after an error', async () => {
  const source = new FedSource();
  const writeoutHandler = new Writeouts();
  const manager = await initManager(
    { writeoutHandler, interfaces: { eth0: {} }, interval: 1, local_buffers: { num_buffers: 2, size_limit: 1 << 20 } },
    withSourceInitFn(() => source),
  );
  source.feed(udp(2));
  await until(() => writeoutHandler.packets().eth0 === 2);
  expect(manager.timestamps.startedAt).toBe(manager.startedAt);
  await manager.close();
  await manager.close();
  expect(source.isOpen).toBe(false);

  const scheduled = vi.spyOn(CaptureManager.prototype, 'scheduleWriteouts');
  const quiet = await initManager(
    { writeoutHandler, interfaces: {} },
    withSourceInitFn(() => source),
    withSkipWriteoutSchedule(),
  );
  expect(scheduled).not.toHaveBeenCalled();
  scheduled.mockRestore();
  await quiet.close();
  await expect(
    initManager({ writeoutHandler, interfaces: { eth0: {} }, autodetection: { enabled: true } }),
  ).rejects.toThrow(/either named or detected/);
  await expect(
    initManager(
      { writeoutHandler, interfaces: { eth0: {} }, interval: 7200 },
      withSourceInitFn(() => source),
    ),
  ).rejects.toThrow(RangeError);
  expect(source.isOpen).toBe(false);
});

test.skipIf(!hasShared)('files through the real code', async () => {
  const writeouts = new Writeouts();
  const files: Record<string, string> = {
    a: 'goprobe__pkg__e2etest__testdata__c04-wap-r1.pcap.gz',
    b: 'arkime__v6-http.pcap',
  };
  const manager = await newManager(
    writeouts,
    withSourceInitFn((name) => openInputs([capture(files[name])], {})),
  );
  await manager.update({ a: {}, b: {} });
  await until(() =>
    Object.values(manager.status()).every(({ state, processed_total }) => state === 'waiting' && processed_total > 0),
  );
  await manager.close();
  expect(writeouts.packets().b).toBe(55);
  expect(writeouts.packets().a).toBeGreaterThan(1000);
});
