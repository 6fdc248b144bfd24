// Lists that a condition calls by name (`host in $threats`), sent along with it: the daemon has none of its own and opens no file for one.

export type Lists = Readonly<Record<string, readonly string[]>>;

export const listsSchema = {
  type: 'object',
  description: 'lists by name, for `$name` in the condition',
  propertyNames: { pattern: '^[A-Za-z0-9_-]{1,64}$' },
  additionalProperties: { type: 'array', items: { type: 'string' } },
  examples: [{ threats: ['192.0.2.0/24', '2001:db8::1'] }],
} as const;

export const listsOf = (lists: Lists = {}): ReadonlyMap<string, readonly string[]> => new Map(Object.entries(lists));
