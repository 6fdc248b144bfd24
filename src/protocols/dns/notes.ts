// What `error.message` says about odd DNS transactions. The words are Packetbeat's, because people search for them.

export const DUPLICATE_QUERY =
  'Another query with the same DNS ID from this client was received so this query was closed without receiving a response';
export const NO_RESPONSE = 'No response to this query was received';
export const ORPHANED_RESPONSE = 'Response: received without an associated Query';
export const EDNS_NOT_SUPPORTED = 'Responder does not support EDNS';
export const EDNS_UNEXPECTED = 'Unexpected EDNS answer';
export const TOO_LARGE = 'Non-EDNS packet has size greater than 512';
export const NOT_DECODED = "Message's data could not be decoded as DNS";
export const ZERO_LENGTH = "Message's length was set to zero";
export const INCOMPLETE = "Message's data is incomplete";
/** Ours: memory is bounded. */
export const LIMIT_REACHED = 'Too many queries were waiting for a response so this one was closed early';

/** The same note about a response. */
export const ofResponse = (note: string): string => `Response: ${note}`;
