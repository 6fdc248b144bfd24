// Events of the trace → TCP events: one decoder per kind of event, made from its format.

import type { Address } from '../../records/address.ts';
import type { EventKind, TcpEvent } from '../event.ts';
import { CLOSED, SYN_RECEIVED } from '../states.ts';
import type { EventFormat, Place } from './format.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_MPTCP = 262;
const IPV4_MAPPED = 0xffff;

/** Events that are followed, and what they are. */
export const TRACE_EVENTS: Readonly<Record<string, EventKind>> = {
  'sock/inet_sock_set_state': 'state',
  'tcp/tcp_retransmit_skb': 'retransmit',
  'tcp/tcp_retransmit_synack': 'synack-retransmit',
  'tcp/tcp_send_reset': 'reset-sent',
  'tcp/tcp_receive_reset': 'reset-received',
  'sock/inet_sk_error_report': 'error',
};

/** States that follow from the event, where it does not tell them: no socket, and one that is asked for and not there yet. */
const STATES: Readonly<Partial<Record<EventKind, number>>> = {
  'reset-sent': CLOSED,
  'synack-retransmit': SYN_RECEIVED,
};

export interface Decoder {
  readonly kind: EventKind;
  /** Where the socket's address stands in the record; -1: there is none. */
  readonly socketAt: number;
  /** Fills the event from the record at `at`. */
  decode(event: TcpEvent, view: DataView, at: number): void;
  /** Thread on the CPU. */
  tid(view: DataView, at: number): number;
}

/** Throws Error when the kernel's event lacks what we need. */
export function decoderOf(kind: EventKind, format: EventFormat): Decoder {
  const need = (name: string): number => {
    const place = format.fields.get(name);
    if (place === undefined) throw new Error(`the kernel's event has no field '${name}'`);
    return place.offset;
  };
  const may = (name: string): number => format.fields.get(name)?.offset ?? -1;
  const pidAt = need('common_pid');
  const familyAt = may('family');
  const reasons = format.words('reason');
  const reasonAt = may('reason');
  const errorAt = kind === 'error' ? need('error') : -1;
  const protocolAt = may('protocol');
  const oldAt = kind === 'state' ? need('oldstate') : may('state');
  const newAt = kind === 'state' ? need('newstate') : oldAt;
  const state = STATES[kind] ?? 0;
  const readEnds = endsReader(format);
  return {
    kind,
    socketAt: may('skaddr'),
    tid: (view, at) => view.getInt32(at + pidAt, true),
    decode(event, view, at) {
      event.kind = kind;
      readEnds(event, view, at, familyAt < 0 ? 0 : view.getUint16(at + familyAt, true));
      event.protocol = protocolAt >= 0 && view.getUint16(at + protocolAt, true) === IPPROTO_MPTCP ? 'mptcp' : 'tcp';
      event.oldState = oldAt < 0 ? state : view.getInt32(at + oldAt, true) || state;
      event.newState = newAt < 0 ? state : view.getInt32(at + newAt, true) || state;
      const reason = reasonAt < 0 ? -1 : view.getUint32(at + reasonAt, true);
      event.reason = reason < 0 ? undefined : (reasons.get(reason) ?? String(reason)).toLowerCase();
      event.error = errorAt < 0 ? undefined : view.getInt32(at + errorAt, true) || undefined;
    },
  };
}

type ReadEnds = (event: TcpEvent, view: DataView, at: number, family: number) => void;

/** Addresses stand in fields by family, or in socket addresses (struct sockaddr_in, sockaddr_in6). */
function endsReader(format: EventFormat): ReadEnds {
  const field = (name: string): Place => {
    const place = format.fields.get(name);
    if (place === undefined) throw new Error(`the kernel's event has no field '${name}'`);
    return place;
  };
  const source = field('saddr');
  const destination = field('daddr');
  if (source.size > 16) {
    return (event, view, at) => {
      event.localPort = readSocketAddress(event.local, view, at + source.offset);
      event.remotePort = readSocketAddress(event.remote, view, at + destination.offset);
    };
  }
  const source6 = field('saddr_v6').offset;
  const destination6 = field('daddr_v6').offset;
  const sourcePort = field('sport').offset;
  const destinationPort = field('dport').offset;
  return (event, view, at, family) => {
    event.localPort = view.getUint16(at + sourcePort, true);
    event.remotePort = view.getUint16(at + destinationPort, true);
    readAddress(event.local, view, at + (family === AF_INET ? source.offset : source6), family);
    readAddress(event.remote, view, at + (family === AF_INET ? destination.offset : destination6), family);
  };
}

function readSocketAddress(address: Address, view: DataView, at: number): number {
  const family = view.getUint16(at, true);
  if (family === AF_INET6) readAddress(address, view, at + 8, family);
  else address.setV4(family === AF_INET ? view.getUint32(at + 4) : 0);
  return view.getUint16(at + 2);
}

function readAddress(address: Address, view: DataView, at: number, family: number): void {
  if (family === AF_INET) {
    address.setV4(view.getUint32(at));
    return;
  }
  const w0 = view.getUint32(at);
  const w1 = view.getUint32(at + 4);
  const w2 = view.getUint32(at + 8);
  const w3 = view.getUint32(at + 12);
  if (w0 === 0 && w1 === 0 && w2 === IPV4_MAPPED) address.setV4(w3);
  else address.setV6(w0, w1, w2, w3);
}
