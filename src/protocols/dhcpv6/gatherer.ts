// Exchanges to records.

import { blankRecord } from '../../records/record.ts';
import { address, ExchangeGatherer, FOREVER, fillExchange, fillLeaseEnd, notesOf } from '../dhcp-exchange/gatherer.ts';
import type { GatherContext, Gatherer } from '../protocol.ts';
import { type Dhcpv6Exchange, Dhcpv6Exchanges } from './exchange.ts';
import { dhcpv6ExchangeRecord } from './exchange-record.ts';
import type { Dhcpv6Options } from './options.ts';
import type { AssociationAddress } from './record.ts';

const blank = blankRecord(dhcpv6ExchangeRecord);
const record = blankRecord(dhcpv6ExchangeRecord);

export function gatherDhcpv6(context: GatherContext, options: Dhcpv6Options): Gatherer {
  return new ExchangeGatherer(
    context,
    dhcpv6ExchangeRecord,
    describe,
    (publish, full) => new Dhcpv6Exchanges(options.transaction_timeout, publish, full),
  );
}

function describe(exchange: Dhcpv6Exchange) {
  Object.assign(record, blank, exchange.told);
  const notes = notesOf(exchange, 'advertised', 'advertisement', () =>
    ['The server gave nothing', ...statusesOf(exchange)].join(': '),
  );
  fillExchange(record, exchange, notes);
  record.status = notes.length > 0 ? 'Error' : 'OK';
  record.sourceIp = address(exchange.clientIp);
  record.destinationIp = address(exchange.serverIp);
  record.transactionIds = exchange.transactionIds;
  record.addresses = exchange.addresses?.flatMap(withAddress);
  record.relayLinks = exchange.relays.length > 0 ? exchange.relays : undefined;
  record.servers = exchange.servers.length > 0 ? exchange.servers : undefined;
  if (exchange.outcome === 'leased') fillLease(exchange);
  return record;
}

function fillLease(exchange: Dhcpv6Exchange): void {
  record.assignedIp = address(exchange.addresses?.find(({ valid }) => valid > 0)?.ip);
  let shortest = FOREVER;
  for (const { valid } of [...(exchange.addresses ?? []), ...(exchange.told.prefixes ?? [])]) {
    if (valid > 0 && valid < shortest) shortest = valid;
  }
  fillLeaseEnd(record, exchange, shortest);
}

/** The first status that is no success, with its words. */
function statusesOf(exchange: Dhcpv6Exchange): string[] {
  const { told, addresses } = exchange;
  for (const holder of [told, ...(told.associations ?? []), ...(told.prefixes ?? []), ...(addresses ?? [])]) {
    if (holder.statusCode === undefined || holder.statusCode === 'Success') continue;
    return holder.statusMessage === undefined ? [holder.statusCode] : [holder.statusCode, holder.statusMessage];
  }
  return [];
}

function withAddress({ ip, ...rest }: { ip: string } & Omit<AssociationAddress, 'ip'>): AssociationAddress[] {
  const parsed = address(ip);
  return parsed === undefined ? [] : [{ ...rest, ip: parsed }];
}
