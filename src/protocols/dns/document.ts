// The record of one transaction, filled from its query and its response. There is one record object: `emit` encodes it at
// once, so the next transaction may overwrite it.

import { blankRecord } from '../../records/record.ts';
import type { FlowView } from '../flow-view.ts';
import { OPCODE_UPDATE, opcodeName, rcodeName, TYPE_OPT, typeName } from './codes.ts';
import type { Dialect } from './dialect.ts';
import { domainParts } from './domain.ts';
import { clearEdns, fillEdns, hasDnssecOk } from './edns.ts';
import {
  CLASS_TOP_BIT,
  FLAG_AA,
  FLAG_AD,
  FLAG_CD,
  FLAG_RA,
  FLAG_RD,
  FLAG_TC,
  isRare,
  type Message,
} from './message.ts';
import { type Name, nameOf, nameText } from './names.ts';
import type { DnsOptions } from './options.ts';
import { resourceRecord } from './rdata.ts';
import { type DnsRecord, dnsRecord, type Question, type ResourceRecord } from './record.ts';
import { isAddress, type Transfer } from './transfer.ts';
import { flagNames, llmnrFlagNames, messageWords, questionClass, questionWords } from './words.ts';

/** What a document is made from. At least one of `query` and `response` is there. */
export interface Exchange {
  query: Message | undefined;
  response: Message | undefined;
  transfer: Transfer | undefined;
  /** Do query and response ask the same, byte by byte? Then the query's words are the response's. */
  sameQuestion: boolean;
}

const document = blankRecord(dnsRecord);
let hasEdns = false;
let hasRareFields = false;
/** The name that `document.questionName` is of. */
let questionName: Name;

/** Everything but times, bytes, status and notes. The caller sets those. */
export function fillDocument(exchange: Exchange, dialect: Dialect, options: DnsOptions, flow: FlowView): DnsRecord {
  const { query, response, transfer } = exchange;
  const main = (response ?? query) as Message;
  const isMulticastDns = dialect === 'mdns';
  if (hasEdns) clearEdns(document);
  if (hasRareFields) clearRareFields();
  hasEdns = main.opt >= 0;
  document.protocol = dialect;
  document.messageType = response === undefined && transfer === undefined ? 'query' : 'answer';
  if (dialect === 'llmnr') fillLlmnrHeader(main);
  else fillHeader(main);
  document.responseCode = responseCode(exchange, isMulticastDns);
  fillQuestion(main.questions > 0 || query === undefined ? main : query, isMulticastDns);
  fillWords(exchange, isMulticastDns);
  if (hasEdns) fillEdns(document, main);
  if (response === undefined) document.optExtRcode = undefined;
  if (transfer === undefined) fillAnswers(main, isMulticastDns);
  else useTransfer(transfer);
  fillOtherSections(main, options, isMulticastDns);
  document.relatedIp =
    document.resolvedIp === undefined ? flow.relatedIp : together(flow.relatedIp, document.resolvedIp);
  document.request = options.send_request && query !== undefined ? messageWords(query, isMulticastDns) : undefined;
  document.response =
    options.send_response && response !== undefined ? messageWords(response, isMulticastDns) : undefined;
  if ((query !== undefined && isRare(query)) || isRare(main)) fillRareFields(query, main, isMulticastDns);
  return document;
}

/** As `concat`, which costs more for so few. */
function together(some: readonly string[], more: readonly string[]): string[] {
  const all: string[] = [];
  for (let i = 0; i < some.length; i++) all.push(some[i]);
  for (let i = 0; i < more.length; i++) all.push(more[i]);
  return all;
}

/**
 * What the server said. A query has the same bits, but says nothing with them (RFC 1035 section 4.1.1): nobody has answered it. Multicast
 * DNS gives them no meaning (RFC 6762 section 18.11) but where it answers as DNS does, and repeats the question (section 6.7). The messages of a
 * transfer that did not end had no error.
 */
function responseCode({ response, transfer }: Exchange, isMulticastDns: boolean): string | undefined {
  if (response !== undefined) return isMulticastDns && response.questions === 0 ? undefined : rcodeName(response.rcode);
  return transfer === undefined ? undefined : rcodeName(0);
}

function fillHeader(message: Message): void {
  const { flags } = message;
  document.id = message.id;
  document.opCode = opcodeName(message.opcode);
  document.headerFlags = flagNames(flags, hasDnssecOk(message));
  document.authoritative = (flags & FLAG_AA) !== 0;
  document.truncatedResponse = (flags & FLAG_TC) !== 0;
  document.recursionDesired = (flags & FLAG_RD) !== 0;
  document.recursionAvailable = (flags & FLAG_RA) !== 0;
  document.authenticData = (flags & FLAG_AD) !== 0;
  document.checkingDisabled = (flags & FLAG_CD) !== 0;
}

function fillLlmnrHeader(message: Message): void {
  const { flags } = message;
  document.id = message.id;
  document.opCode = opcodeName(message.opcode);
  document.headerFlags = llmnrFlagNames(flags);
  document.authoritative = undefined;
  document.truncatedResponse = (flags & FLAG_TC) !== 0;
  document.recursionDesired = undefined;
  document.recursionAvailable = undefined;
  document.authenticData = undefined;
  document.checkingDisabled = undefined;
}

function fillQuestion(message: Message, isMulticastDns: boolean): void {
  if (message.questions === 0) {
    document.questionName = undefined;
    document.questionType = undefined;
    document.questionClass = undefined;
    document.registeredDomain = undefined;
    document.topLevelDomain = undefined;
    document.subdomain = undefined;
    return;
  }
  const name = nameOf(message.bytes, message.at, message.nameAt[0]);
  const parts = (name.parts ??= domainParts(name.text));
  questionName = name;
  document.questionName = name.text;
  document.questionType = typeName(message.type(0));
  document.questionClass = questionClass(message, 0, isMulticastDns);
  document.registeredDomain = parts.registeredDomain;
  document.topLevelDomain = parts.topLevelDomain;
  document.subdomain = parts.subdomain;
}

/** `method`, `query` and `resource` tell what was asked: they are the query's where there is one. */
function fillWords({ query, response, sameQuestion }: Exchange, isMulticastDns: boolean): void {
  const asked = query ?? (response as Message);
  document.method = opcodeName(asked.opcode);
  if (asked.questions === 0) {
    document.resource = undefined;
    document.query = undefined;
    return;
  }
  if (sameQuestion || response === undefined || query === undefined) {
    document.resource = questionName.text;
    document.query = wordsAbout(questionName, asked, isMulticastDns);
    return;
  }
  const name = nameOf(asked.bytes, asked.at, asked.nameAt[0]);
  document.resource = name.text;
  document.query = wordsAbout(name, asked, isMulticastDns);
}

/** The question in words: kept with the name, for most are asked the same again. */
function wordsAbout(name: Name, asked: Message, isMulticastDns: boolean): string {
  const type = asked.type(0);
  const class_ = questionClass(asked, 0, isMulticastDns);
  if (name.wordsType !== type || name.wordsClass !== class_) {
    name.words = questionWords(name.text, typeName(type), class_);
    name.wordsType = type;
    name.wordsClass = class_;
  }
  return name.words;
}

function fillAnswers(message: Message, isMulticastDns: boolean): void {
  document.answersCount = message.answers;
  document.answers = undefined;
  document.resolvedIp = undefined;
  if (message.answers === 0) return;
  // `fillQuestion` has just read it, unless it took the query's because there is none here.
  const questionName = message.questions > 0 ? (document.questionName as string) : '';
  const answers: ResourceRecord[] = [];
  let addresses: string[] | undefined;
  const end = message.firstAnswer + message.answers;
  for (let i = message.firstAnswer; i < end; i++) {
    const record = resourceRecord(message, i, questionName, isMulticastDns);
    answers.push(record);
    if (isAddress(message, i)) {
      if (addresses === undefined) addresses = [record.data];
      else addresses.push(record.data);
    }
  }
  document.answers = answers;
  document.resolvedIp = addresses;
}

function useTransfer(transfer: Transfer): void {
  document.answersCount = transfer.answersCount;
  document.answers = transfer.answers.length > 0 ? transfer.answers : undefined;
  document.resolvedIp = transfer.resolvedIp.length > 0 ? transfer.resolvedIp : undefined;
  document.messages = transfer.messages;
  document.answersOmitted = transfer.omitted > 0 ? transfer.omitted : undefined;
  hasRareFields = true;
}

function fillOtherSections(message: Message, options: DnsOptions, isMulticastDns: boolean): void {
  document.authoritiesCount = message.authorities;
  document.additionalsCount = message.additionals - (message.opt >= 0 ? 1 : 0);
  document.authorities = options.include_authorities
    ? section(message, message.firstAuthority, message.authorities, isMulticastDns)
    : undefined;
  document.additionals = options.include_additionals
    ? section(message, message.firstAdditional, message.additionals, isMulticastDns)
    : undefined;
}

/** Records without OPT; undefined when there are none. */
function section(
  message: Message,
  first: number,
  count: number,
  isMulticastDns: boolean,
): readonly ResourceRecord[] | undefined {
  const records: ResourceRecord[] = [];
  const questionName = pointedToName(message);
  for (let i = first; i < first + count; i++) {
    if (message.type(i) !== TYPE_OPT) records.push(resourceRecord(message, i, questionName, isMulticastDns));
  }
  return records.length > 0 ? records : undefined;
}

/** What a pointer to offset 12 means: the first question's name. */
function pointedToName(message: Message): string {
  return message.questions > 0 ? nameText(message.bytes, message.at, message.nameAt[0]) : '';
}

/** Fields that hardly any document has are only touched when one has them. */
function fillRareFields(query: Message | undefined, main: Message, isMulticastDns: boolean): void {
  hasRareFields = true;
  const asked = query ?? main;
  if (main.fault === 'malformed') document.malformedAt = main.faultAt;
  else if (query?.fault === 'malformed') document.malformedAt = query.faultAt;
  if (main.fault === 'cut' || query?.fault === 'cut') document.cut = true;
  document.trailingOctets = main.trailingOctets || query?.trailingOctets || undefined;
  if (asked.questions > 1) document.questions = allQuestions(asked, isMulticastDns);
  if (isMulticastDns && !asked.isResponse && asked.questions > 0) {
    document.unicastResponse = (asked.class(0) & CLASS_TOP_BIT) !== 0;
  }
  if (asked.opcode === OPCODE_UPDATE) {
    // RFC 2136 section 2: the sections have other names, and what matters is what was asked for.
    document.updateZone = asked.questions > 0 ? nameText(asked.bytes, asked.at, asked.nameAt[0]) : undefined;
    document.prerequisites = section(asked, asked.firstAnswer, asked.answers, false);
    document.updates = section(asked, asked.firstAuthority, asked.authorities, false);
  }
}

function clearRareFields(): void {
  hasRareFields = false;
  document.malformedAt = undefined;
  document.cut = undefined;
  document.trailingOctets = undefined;
  document.questions = undefined;
  document.unicastResponse = undefined;
  document.updateZone = undefined;
  document.prerequisites = undefined;
  document.updates = undefined;
  document.messages = undefined;
  document.answersOmitted = undefined;
}

function allQuestions(message: Message, isMulticastDns: boolean): Question[] {
  const questions: Question[] = [];
  for (let i = 0; i < message.questions; i++) {
    questions.push({
      name: nameText(message.bytes, message.at, message.nameAt[i]),
      type: typeName(message.type(i)),
      class: questionClass(message, i, isMulticastDns),
    });
  }
  return questions;
}
