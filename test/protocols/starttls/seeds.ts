// Each protocol's plain beginning, up to where TLS takes over: for the tests, and for fuzzing to start from.

import { exchange, type Exchange as Fuzzed } from '../../fuzz/kit/exchange.ts';

export const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
export const text = (line: string) => Buffer.from(line, 'latin1');
export type Exchange = readonly (readonly ['>' | '<', Buffer])[];

const LDAP_REQUEST = Buffer.concat([hex('301d 020101 7718 8016'), text('1.3.6.1.4.1.1466.20037')]);
const MYSQL_GREETING = Buffer.concat([hex('4a000000 0a'), text('8.0.36\0'), Buffer.alloc(0x4a - 8)]);

export const BEGINNINGS: Record<string, Exchange> = {
  smtp: [
    ['<', text('220 mx.example ESMTP\r\n')],
    ['>', text('EHLO me\r\n')],
    ['<', text('250-mx.example\r\n250 STARTTLS\r\n')],
    ['>', text('STARTTLS\r\n')],
    ['<', text('220 2.0.0 Ready\r\n')],
  ],
  lmtp: [
    ['<', text('220 mx.example LMTP ready\r\n')],
    ['>', text('LHLO me\r\n')],
    ['<', text('250-mx.example\r\n250 STARTTLS\r\n')],
    ['>', text('STARTTLS\r\n')],
    ['<', text('220 2.0.0 Ready\r\n')],
  ],
  managesieve: [
    ['<', text('"IMPLEMENTATION" "Dovecot Pigeonhole"\r\n')],
    ['<', text('"SIEVE" "fileinto"\r\n"STARTTLS"\r\n"VERSION" "1.0"\r\nOK "ready."\r\n')],
    ['>', text('STARTTLS\r\n')],
    ['<', text('OK "Begin TLS negotiation now."\r\n')],
  ],
  ftp: [
    ['<', text('220 FTP server\r\n')],
    ['>', text('AUTH TLS\r\n')],
    ['<', text('234 go on\r\n')],
  ],
  imap: [
    ['<', text('* OK IMAP4rev1\r\n')],
    ['>', text('a1 CAPABILITY\r\n')],
    ['<', text('* CAPABILITY STARTTLS\r\na1 OK\r\n')],
    ['>', text('a2 STARTTLS\r\n')],
    ['<', text('a2 OK begin\r\n')],
  ],
  pop3: [
    ['<', text('+OK POP3 ready\r\n')],
    ['>', text('STLS\r\n')],
    ['<', text('+OK begin\r\n')],
  ],
  nntp: [
    ['<', text('200 news.example NNTP ready\r\n')],
    ['>', text('CAPABILITIES\r\n')],
    ['<', text('101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n')],
    ['>', text('STARTTLS\r\n')],
    ['<', text('382 go on\r\n')],
  ],
  irc: [
    ['<', text(':irc.example NOTICE * :*** Looking up your hostname...\r\n')],
    ['>', text('CAP LS 302\r\n')],
    ['<', text(':irc.example CAP * LS :multi-prefix tls\r\n')],
    ['>', text('STARTTLS\r\n')],
    ['<', text(':irc.example 670 * :STARTTLS successful, go ahead with TLS handshake\r\n')],
  ],
  postgresql: [
    ['>', hex('00000008 04d2162f')],
    ['<', text('S')],
  ],
  mysql: [
    ['<', MYSQL_GREETING],
    ['>', Buffer.concat([hex('20000001 85ae0f00'), Buffer.alloc(28)])],
  ],
  ldap: [
    ['>', LDAP_REQUEST],
    ['<', hex('300c 020101 7807 0a0100 0400 0400')],
  ],
  rdp: [
    ['>', hex('0300000b 06e00000000000')],
    ['<', hex('03000013 0ed00000000000 02000800 01000000')],
  ],
  xmpp: [
    ['>', text("<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='example'>")],
    ['<', text('<stream:stream id="1"><stream:features/>')],
    ['>', text("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")],
    ['<', text("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")],
  ],
  adb: [
    ['>', hex('434e584e 01000001 00001000 00000000 00000000 bcb1a7b1')],
    ['<', hex('53544c53 00000001 00000000 00000000 00000000 acabb3ac')],
    ['>', hex('53544c53 00000001 00000000 00000000 00000000 acabb3ac')],
  ],
  nx: [
    ['>', text('NXSH-8.1\n')],
    ['<', text('NXD-8.1\n')],
  ],
};

export const seeds: readonly Fuzzed[] = Object.values(BEGINNINGS).map((steps) =>
  exchange('tcp', ...steps.map(([side, bytes]) => [side === '>' ? 0 : 1, bytes] as const)),
);
