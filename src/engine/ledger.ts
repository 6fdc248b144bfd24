// The loss ledger: what became of every packet, and everything that was dropped, given up or bounded on the way.

/** What became of a packet. Disjoint: their sum is the packets read. */
export const OUTCOMES = [
  'flow',
  'filtered',
  'no_ip',
  'malformed',
  'cut',
  'unsupported_link',
  'too_deep',
  'bad_checksum',
  'overload',
  'undecoded',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const OUTCOME_DOC: Readonly<Record<Outcome, string>> = {
  flow: 'counted in a flow',
  filtered: 'refused by the filter',
  no_ip: 'not IP (ARP, LLDP, spanning tree, …)',
  malformed: 'broken before an IP header could be read',
  cut: 'cut by the snap length before an IP header could be read',
  unsupported_link: 'of a link type that is not decoded',
  too_deep: 'nested too deeply before an IP header was found',
  bad_checksum: 'dropped because of a wrong checksum, as asked',
  overload: 'refused because no flow could be evicted to make room',
  undecoded: 'not decoded: no records were asked for',
};

export class Ledger {
  readonly packets = new Float64Array(OUTCOMES.length);
  readonly bytes = new Float64Array(OUTCOMES.length);
  /** Everything else that is counted, by name: `fault.tcp`, `stream.gaps`, `dns.unmatchedRequests`, … */
  readonly counts = new Map<string, number>();

  outcome(index: number, packets: number, frameBytes: number): void {
    this.packets[index] += packets;
    this.bytes[index] += frameBytes;
  }

  count(name: string, n = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + n);
  }

  add(other: Ledger | LedgerSnapshot): void {
    for (let i = 0; i < OUTCOMES.length; i++) {
      this.packets[i] += other.packets[i];
      this.bytes[i] += other.bytes[i];
    }
    for (const [name, n] of other.counts) this.count(name, n);
  }

  snapshot(): LedgerSnapshot {
    return {
      packets: [...this.packets],
      bytes: [...this.bytes],
      counts: [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1)),
    };
  }

  get packetsRead(): number {
    return this.packets.reduce((sum, n) => sum + n, 0);
  }

  /** Their bytes on the wire. */
  get bytesRead(): number {
    return this.bytes.reduce((sum, n) => sum + n, 0);
  }
}

/** A ledger as plain data, for other threads and for the summary. */
export interface LedgerSnapshot {
  packets: number[];
  bytes: number[];
  counts: [string, number][];
}
