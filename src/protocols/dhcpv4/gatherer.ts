// Exchanges to records.

import { blankRecord } from '../../records/record.ts';
import { address, ExchangeGatherer, fillExchange, fillLeaseEnd, notesOf } from '../dhcp-exchange/gatherer.ts';
import type { GatherContext, Gatherer } from '../protocol.ts';
import { type Dhcpv4Exchange, Dhcpv4Exchanges } from './exchange.ts';
import { dhcpv4ExchangeRecord } from './exchange-record.ts';
import type { Dhcpv4Options } from './options.ts';

const blank = blankRecord(dhcpv4ExchangeRecord);
const record = blankRecord(dhcpv4ExchangeRecord);

export function gatherDhcpv4(context: GatherContext, options: Dhcpv4Options): Gatherer {
  return new ExchangeGatherer(
    context,
    dhcpv4ExchangeRecord,
    describe,
    (publish, full) => new Dhcpv4Exchanges(options.transaction_timeout, publish, full),
  );
}

function describe(exchange: Dhcpv4Exchange) {
  const { told, outcome } = exchange;
  const { linkSelection, ...plain } = told;
  Object.assign(record, blank, plain);
  const notes = notesOf(exchange, 'offered', 'offer', () =>
    told.message === undefined ? 'The server refused' : `The server refused: ${told.message}`,
  );
  fillExchange(record, exchange, notes);
  record.linkSelection = address(linkSelection);
  const isGood = outcome === 'leased' || outcome === 'informed' || outcome === 'released' || outcome === 'answered';
  record.status = isGood && exchange.hasRequest ? 'OK' : 'Error';
  record.sourceIp = address(exchange.assignedIp ?? exchange.currentIp ?? exchange.requestedIp);
  record.destinationIp = address(exchange.server);
  record.transactionId = exchange.transactionIds[0];
  record.clientMac = exchange.clientMac;
  record.assignedIp = address(exchange.assignedIp);
  record.relayIp = address(exchange.relayIp);
  record.requestedIp = address(exchange.requestedIp);
  record.serverIdentifier = address(exchange.server);
  record.offers = exchange.offers.length > 0 ? exchange.offers : undefined;
  record.timeToOffer = exchange.timeToOffer;
  if (outcome === 'leased' && told.leaseTime !== undefined) fillLeaseEnd(record, exchange, told.leaseTime);
  return record;
}
