// One comparison → SQL, for every kind of field. The result may be NULL where the field is absent.

import { type Comparison, firstLiteral, type Setting, ValueProblem } from './comparison.ts';
import { type Operand, quoted } from './operand.ts';
import { addressAnyOf } from './predicate-address.ts';
import { elements, elementsAnyOf, keyed } from './predicate-elements.ts';
import { scalarAnyOf } from './predicate-scalar.ts';
import { textAnyOf } from './predicate-text.ts';

/** True where any of the items fits the operand. Throws ValueProblem. */
export function anyOf(operand: Operand, comparison: Comparison, setting: Setting): string {
  // An empty list.
  if (comparison.items.length === 0) return 'FALSE';
  if (operand.shape === 'constant') return constantAnyOf(operand.value, comparison) ? 'TRUE' : 'FALSE';
  if (operand.shape === 'elements') return elementsAnyOf(operand, comparison, setting);
  if (operand.kind === 'ip') return addressAnyOf(operand.sql, comparison, setting);
  if (operand.kind === 'list' || operand.kind === 'map' || operand.kind === 'json') {
    const literal = firstLiteral(comparison);
    if (comparison.how === 'contains' || comparison.how === 'regex' || comparison.how === 'like')
      return textAnyOf(operand.sql, operand.path, comparison, setting);
    throw new ValueProblem(
      literal,
      `${operand.path} holds several values`,
      `name one of them: ${operand.path}.…, or use contains`,
    );
  }
  return scalarAnyOf(operand.sql, operand.kind, operand.path, comparison, setting);
}

/** True where the operand has a value. */
export function present(operand: Operand, setting: Setting): string {
  if (operand.shape === 'constant') return 'TRUE';
  if (operand.shape === 'value') {
    return operand.kind === 'ip' ? `${quoted(`${operand.sql}_lo`)} IS NOT NULL` : `${operand.sql} IS NOT NULL`;
  }
  if (operand.key !== undefined) return `${keyed(operand.sql, operand.key, setting)} IS NOT NULL`;
  if (operand.property !== undefined) return `len(${elements(operand, setting)}) > 0`;
  return `${operand.sql} IS NOT NULL`;
}

function constantAnyOf(value: unknown, comparison: Comparison): boolean {
  const values = (Array.isArray(value) ? value : [value]).map(String);
  return comparison.items.some((item) => {
    if (!('value' in item)) return false;
    const wanted = item.value.text;
    if (comparison.how === 'exact') return values.includes(wanted);
    if (comparison.how === 'contains') return values.some((v) => v.includes(wanted));
    if (comparison.how !== 'loose') return false;
    return values.some((v) => v.toLowerCase() === wanted.toLowerCase());
  });
}
