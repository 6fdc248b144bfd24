import { expect, it } from 'vitest';
import { ShownHead } from '../../../src/protocols/http/shown-head.ts';

const textOf = (shown: ShownHead) => Buffer.from(shown.bytes).toString('latin1', 0, shown.length);

it('shows one head after the other in the same bytes, with what is written behind each', () => {
  const shown = new ShownHead();
  const { bytes } = shown;
  shown.show(Buffer.from('GET /a HTTP/1.1 Host: example.org and more'), 33);
  shown.writeAscii('http://');
  shown.repeat(22, 33);
  shown.repeat(4, 6);
  expect(textOf(shown)).toBe('GET /a HTTP/1.1 Host: example.orghttp://example.org/a');
  shown.show(Buffer.from('GET /b'), 6);
  expect(textOf(shown)).toBe('GET /b');
  expect(shown.bytes).toBe(bytes);
});

it('has room for any head, and for what is written behind it', () => {
  const shown = new ShownHead();
  const head = Buffer.alloc(shown.bytes.length - 1, 'h');
  shown.show(head, head.length);
  shown.writeAscii('://');
  shown.repeat(0, head.length);
  expect(textOf(shown)).toBe(`${head}://${head}`);
  expect(shown.view.getUint8(head.length)).toBe(':'.charCodeAt(0));
  const longer = Buffer.alloc(5 * head.length, 'l');
  shown.show(longer, longer.length);
  expect(textOf(shown)).toBe(String(longer));
});
