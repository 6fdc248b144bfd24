// SQL macros over addresses. DuckDB's INET type is an extension that is fetched from the net, so addresses are two integers
// (see parquet/encode-addresses.ts) and these macros turn them into text and back.

const OCTETS = '(lo >> 24) & 255, (lo >> 16) & 255, (lo >> 8) & 255, lo & 255';
const GROUPS = ['hi >> 48', 'hi >> 32', 'hi >> 16', 'hi', 'lo >> 48', 'lo >> 32', 'lo >> 16', 'lo']
  .map((group) => `(${group}) & 65535`)
  .join(', ');

/** RFC 5952: the longest run of at least two zero groups, the first of equals, becomes `::`. Longer runs are tried first. */
function shortest(): string {
  let sql = 'CASE';
  for (let length = 8; length >= 2; length--) {
    const run = `'(^|:)0${':0'.repeat(length - 1)}(:|$)'`;
    sql += ` WHEN regexp_matches(t, ${run}) THEN regexp_replace(t, ${run}, '::')`;
  }
  return `${sql} ELSE t END`;
}

/** Four groups of eight, from group `first`, as an unsigned number. */
const half = (groups: string, first: number): string =>
  `('0x' || array_to_string(list_transform(${groups}[${first}:${first + 3}], lambda g: lpad(g, 4, '0')), ''))::UBIGINT`;

/** The dotted end of `t` as two groups: `::ffff:10.0.0.1` → `::ffff:a00:1`. */
const UNDOTTED = `CASE WHEN contains(t, '.') THEN
    regexp_replace(t, '[0-9.]+$', '') || format('{:x}:{:x}',
      split(regexp_extract(t, '[0-9.]+$'), '.')[1]::INT * 256 + split(regexp_extract(t, '[0-9.]+$'), '.')[2]::INT,
      split(regexp_extract(t, '[0-9.]+$'), '.')[3]::INT * 256 + split(regexp_extract(t, '[0-9.]+$'), '.')[4]::INT)
  ELSE t END`;

/** The eight groups of an address in text, `::` filled up. The lambda over one element gives the text a name: macros repeat their arguments. */
const EXPANDED = `list_transform([ip_undotted(lower(t))], lambda u: CASE WHEN contains(u, '::') THEN
    list_filter(split(split_part(u, '::', 1), ':'), lambda g: g <> '')
    || list_transform(range(8 - len(list_filter(split(replace(u, '::', ':'), ':'), lambda g: g <> ''))), lambda i: '0')
    || list_filter(split(split_part(u, '::', 2), ':'), lambda g: g <> '')
  ELSE split(u, ':') END)[1]`;

export const MACROS: readonly string[] = [
  `CREATE MACRO ip_shortest(t) AS ${shortest()}`,
  // IPv4 stands as ::ffff:a.b.c.d and is shown as a.b.c.d.
  `CREATE MACRO ip(hi, lo) AS CASE
     WHEN hi IS NULL OR lo IS NULL THEN NULL
     WHEN hi = 0 AND lo >> 32 = 65535 THEN format('{}.{}.{}.{}', ${OCTETS})
     ELSE ip_shortest(format('{:x}:{:x}:{:x}:{:x}:{:x}:{:x}:{:x}:{:x}', ${GROUPS})) END`,
  `CREATE MACRO ip_undotted(t) AS ${UNDOTTED}`,
  `CREATE MACRO ip_groups(t) AS ${EXPANDED}`,
  // ip_hi('10.0.0.0'), ip_lo('10.0.0.0'): for `source_ip_hi = ip_hi('…') AND source_ip_lo BETWEEN …`.
  `CREATE MACRO ip_hi(t) AS ${half("ip_groups(CASE WHEN contains(t, ':') THEN t ELSE '::ffff:' || t END)", 1)}`,
  `CREATE MACRO ip_lo(t) AS ${half("ip_groups(CASE WHEN contains(t, ':') THEN t ELSE '::ffff:' || t END)", 5)}`,
];
