// One comparison → SQL, for every kind of field. The result may be NULL where the field is absent.

import { type Comparison, firstLiteral, type Setting, ValueProblem } from './comparison.ts';
import { type Operand, quoted } from './operand.ts';
import { addressAnyOf } from './predicate-address.ts';
import { elements, elementsAnyOf, keyed } from './predicate-elements.ts';
import { scalarAnyOf } from './predicate-scalar.ts';
import { textAnyOf } from './predicate-text.ts';
import { valueTest } from './value-test.ts';

/** True where any of the items fits the operand. Throws ValueProblem. */
export function anyOf(operand: Operand, comparison: Comparison, setting: Setting): string {
  // An empty list.
  if (comparison.items.length === 0) return 'FALSE';
  if (operand.shape === 'constant') {
    const values = Array.isArray(operand.value) ? operand.value : [operand.value];
    return values.some(valueTest(operand, comparison, setting)) ? 'TRUE' : 'FALSE';
  }
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
