// The columns that take rows of PostgreSQL's COPY (`copy-writer.ts`). They go over the same list of fields as the encoder of rows, so a table
// can not disagree with its rows.

import type { Field } from './field.ts';
import { flatFields, flatName } from './flat.ts';
import type { RecordType } from './record.ts';

export interface SqlColumn {
  readonly name: string;
  /** PostgreSQL's type. */
  readonly type: string;
  readonly isOptional: boolean;
}

/** The columns of a record type's rows, under their ECS names. */
export function copyColumns(type: RecordType): SqlColumn[] {
  return flatFields(type).map(([, field]) => ({
    name: flatName(field),
    type: sqlType(field),
    isOptional: field.isOptional,
  }));
}

function sqlType(field: Field): string {
  switch (field.kind) {
    case 'time':
      return 'timestamptz';
    case 'int':
    case 'duration':
      return 'bigint';
    case 'float':
      return 'double precision';
    case 'bool':
      return 'boolean';
    case 'ip':
      return 'inet';
    case 'keyword':
    case 'text':
    case 'slice':
    case 'constant':
      return 'text';
    case 'keywords':
      return field.isSingle === true ? 'text' : 'jsonb';
    default:
      return 'jsonb';
  }
}
