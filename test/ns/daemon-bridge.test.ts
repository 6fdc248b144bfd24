// Interfaces above others: a bridge and its port hear the same packets. Each has its flows, and that it is so is said.

import { afterEach, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces } from '../kit/namespace.ts';
import { udpFrame } from '../kit/packets.ts';
import { unless } from '../kit/unless.ts';

let kit: DaemonKit;
afterEach(() => kit.remove());

/** For all: a bridge takes it for itself, too, and from an address that somebody may have. */
function broadcast(port: number): Uint8Array {
  const frame = Uint8Array.from(udpFrame(port, 9999));
  frame.fill(255, 0, 6);
  frame.set([2, 0, 0, 0, 0, 1], 6);
  return frame;
}

unless(noNamespaces).describe('a bridge that is captured with its port', () => {
  test.each(['ring', 'tcx'])('packets counted by %s', async (flow_source) => {
    kit = new DaemonKit({
      capture: { interfaces: { b: null, bridge: null, d: null }, records: ['flow'], flow_source },
    });
    kit.ns.pair('c', 'd');
    kit.ns.ipAtOnce(
      'link add name bridge type bridge forward_delay 0',
      'link set dev bridge up',
      'link set dev b master bridge',
    );
    // Where bridges ask iptables, they leave out packets whose checksum is wrong, as that of these is.
    kit.ns.run('sh', '-c', 'f=/proc/sys/net/bridge/bridge-nf-call-iptables; [ ! -e $f ] || echo 0 > $f');
    const program = await kit.start();
    await program.until(() => program.err.includes('bridge is captured, and so is b: packets that pass both are in'));
    await kit.send([broadcast(1), broadcast(2), broadcast(3)]);
    // The kernel may send packets of its own, too (IGMP).
    const isCounted = async () => {
      await kit.ask('GET', '/api/flows/live');
      const { interfaces } = await kit.status();
      return interfaces.b.processed_total >= 3 && interfaces.bridge.processed_total >= 3;
    };
    await kit.until(isCounted);
    const answer = await kit.ask('POST', '/api/query', { columns: 'iface', format: 'csv', live: true });
    expect(answer.text.trim().split(/\r?\n/).slice(1).sort()).toEqual([
      expect.stringMatching(/^b,/),
      expect.stringMatching(/^bridge,/),
    ]);
    kit.ns.ip('link set dev d master bridge');
    const processed = /netscribe_capture_packets_processed_total\{iface="bridge"\} (\d+)/;
    expect(Number(processed.exec(await kit.metrics())?.[1])).toBeGreaterThanOrEqual(3);
    // A bridge that goes while its ports stay.
    kit.ns.ip('link del dev bridge');
    const { interfaces } = await kit.until((status) => status.interfaces.bridge.state === 'waiting');
    expect(interfaces.b.state).toBe('capturing');
    expect(interfaces.bridge.processed_total).toBeGreaterThanOrEqual(3);
  });
});
