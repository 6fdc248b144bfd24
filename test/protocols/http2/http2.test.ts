import { expect, it } from 'vitest';
import { http2 } from '../../../src/protocols/http2/index.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const probe = (text: string) => http2.probe(0, Buffer.from(text), 0, text.length, false, 'tcp');

it('HTTP/2 with prior knowledge is named by its preface', () => {
  expect(probe(PREFACE)).toBe('yes');
  expect(probe(PREFACE.slice(0, 9))).toBe('more');
  expect(probe('PRI * HTTP/1.1\r\n\r\n')).toBe('no');
  const driven = new AnalyzerKit(http2);
  expect(driven.data(0, PREFACE)).toBe('done');
  expect(driven.names).toEqual(['h2']);
  expect(driven.end()).toEqual([]);
});
