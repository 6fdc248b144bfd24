// The values of a statement, in the order of their numbers. Whatever a user typed goes here and nowhere else.

export type Param = string | number | boolean;

export class Params {
  readonly values: Param[] = [];

  /** Keeps the value and returns its place in the SQL: `$3`, with a cast where the type must be known (`$3::BIGINT`). */
  add(value: Param, type?: 'BIGINT' | 'UBIGINT' | 'DOUBLE' | 'BOOLEAN' | 'VARCHAR' | 'TIMESTAMP_NS'): string {
    this.values.push(value);
    return `$${this.values.length}${type === undefined ? '' : `::${type}`}`;
  }
}

export interface Statement {
  readonly sql: string;
  readonly params: readonly Param[];
}
