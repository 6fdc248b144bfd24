// Names for lists of columns.

/** goQuery's query types. `raw` has the source port too, which goProbe does not keep. */
export const QUERY_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ['talk_src', ['sip']],
  ['talk_dst', ['dip']],
  ['talk_conv', ['sip', 'dip']],
  ['apps_port', ['dport', 'proto']],
  ['agg_talk_port', ['sip', 'dip', 'dport', 'proto']],
  ['raw', ['time', 'iface', 'sip', 'sport', 'dip', 'dport', 'proto']],
]);
