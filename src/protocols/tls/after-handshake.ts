// Sockets of datagrams may have several connections one after the other, so what comes behind a handshake is looked at, but not for ever.

/**
 * Data packets behind a handshake after which no other is waited for: being given the contents of a packet costs more than counting it
 * (its checksum is looked at; three times as much CPU for a long download), and most sockets have one connection.
 */
export const MAX_DATA_PACKETS = 100;
