// What is noticed of a TCP connection that a peaceful one does not have, by name. The loss ledger counts them, as `tcp.<name>` where
// headers alone tell and as `stream.<name>` where reassembly does; the flow's document lists those that it has.

/** Names and meanings. The order is that of the bits in a flow's row: append only. */
export const TCP_EVENTS = {
  overlap_conflict: 'the same bytes of a stream came with different contents',
  ttl_mismatch: 'the copies came with different TTLs',
  gap: 'bytes that were sent are missing in the capture',
  limit: 'too much waited behind a hole',
  out_of_window: 'a segment far away from every window',
  beyond_fin: 'data behind the end of their stream',
  fin_no_ack: 'a FIN without ACK, which ends nothing',
  fin_moved: 'a second FIN at another place',
  keepalive: 'a keep-alive',
  urgent: 'urgent data',
  rst_ignored: 'a reset that its receiver does not obey',
  rst_data: 'a reset with a text in it',
  syn_ignored: 'a SYN on a connection that goes on',
  syn_data: 'data in a SYN',
  syn_moved: 'a second SYN with another sequence number',
  synack_moved: 'a second SYN-ACK with another sequence number',
  both_syn: 'both sides sent a SYN: simultaneous open or split handshake',
  refusal_ignored: 'a refusal after which the connection was opened all the same',
  odd_flags: 'flags that do not go together',
  bad_options: 'TCP options that run over their end',
  doubt_no_ack: 'data without ACK',
  doubt_old_ack: 'data with an acknowledgment that is too old',
  doubt_unsent_ack: 'data that acknowledge what was never sent',
  doubt_window: "data outside their receiver's window",
  doubt_paws: 'data with an old time stamp (PAWS)',
  doubt_checksum: 'a wrong checksum',
  doubt_ttl: "data with a TTL that is not the handshake's",
  doubt_signed: 'an MD5 signature that nobody agreed on',
  doubt_believed: 'doubted data that their receiver took after all',
  doubt_refused: 'doubted data that their receiver did not take',
} as const;

export type TcpEvent = keyof typeof TCP_EVENTS;
export const TCP_EVENT_NAMES = Object.keys(TCP_EVENTS) as TcpEvent[];

/** The bit of each event. */
export const TCP_EVENT_BIT = Object.fromEntries(TCP_EVENT_NAMES.map((name, i) => [name, 1 << i])) as Readonly<
  Record<TcpEvent, number>
>;
