// Values inside JSON columns → SQL: the elements of a list, one property of each, or what stands under a key.

import { type Comparison, ELEMENT, firstLiteral, ORDER, type Setting } from './comparison.ts';
import type { Operand } from './operand.ts';
import { scalarAnyOf } from './predicate-scalar.ts';
import { textAnyOf } from './predicate-text.ts';
import { parseCount } from './values.ts';

export function keyed(sql: string, key: string, setting: Setting): string {
  const pointer = (parts: string[]) =>
    `/${parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
  const whole = `json_extract(${sql}, ${setting.params.add(pointer([key]), 'VARCHAR')})`;
  if (!key.includes('.')) return whole;
  return `coalesce(${whole}, json_extract(${sql}, ${setting.params.add(pointer(key.split('.')), 'VARCHAR')}))`;
}

/** The operand's values as a list of texts. */
export function elements(operand: Extract<Operand, { shape: 'elements' }>, setting: Setting): string {
  const { sql, property, key } = operand;
  if (key !== undefined) {
    const value = keyed(sql, key, setting);
    return `(CASE json_type(${value}) WHEN 'ARRAY' THEN json_extract_string(${value}, '$[*]') ELSE [json_extract_string(${value}, '$')] END)`;
  }
  // Property names come from declarations: letters, digits, dots and underscores.
  if (property !== undefined) {
    const flat = `json_extract_string(${sql}, '$[*]."${property}"')`;
    return property.includes('.') ? `list_concat(${flat}, json_extract_string(${sql}, '$[*].${property}'))` : flat;
  }
  return `json_extract_string(CASE WHEN ${sql} LIKE '[%' THEN ${sql} ELSE concat('[', ${sql}, ']') END, '$[*]')`;
}

export function elementsAnyOf(
  operand: Extract<Operand, { shape: 'elements' }>,
  comparison: Comparison,
  setting: Setting,
): string {
  const list = elements(operand, setting);
  const isNumber = operand.kind === 'int' || operand.kind === 'float' || operand.kind === 'duration';
  const literal = firstLiteral(comparison);
  const asNumber = isNumber || (ORDER[comparison.how] !== undefined && parseCount(literal.text) !== undefined);
  const inner = asNumber
    ? scalarAnyOf(
        `TRY_CAST(${ELEMENT} AS DOUBLE)`,
        isNumber ? operand.kind : 'float',
        operand.path,
        comparison,
        setting,
      )
    : operand.kind === 'bool'
      ? scalarAnyOf(`TRY_CAST(${ELEMENT} AS BOOLEAN)`, 'bool', operand.path, comparison, setting)
      : textAnyOf(ELEMENT, operand.path, comparison, setting);
  return `len(list_filter(${list}, lambda ${ELEMENT}: ${inner})) > 0`;
}
