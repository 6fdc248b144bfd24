// Names and literals in SQL text. Only names of our own declarations and paths of our own store go through here: what users
// type reaches SQL as bound parameters.

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Name of a record type's view: `audit/TCP` is `audit_TCP`. */
export const viewName = (type: string): string => type.replace(/[^A-Za-z0-9]+/g, '_');
