// Builds DNS messages byte by byte.

export interface RecordSpec {
  /** `www.example.com`, or bytes for pointers and for what is wrong. */
  name: string | Uint8Array;
  type: number;
  class?: number;
  ttl?: number;
  rdata: Uint8Array;
}
export interface QuestionSpec {
  name: string | Uint8Array;
  type: number;
  class?: number;
}
export interface MessageSpec {
  id?: number;
  flags?: number;
  questions?: readonly QuestionSpec[];
  answers?: readonly RecordSpec[];
  authorities?: readonly RecordSpec[];
  additionals?: readonly RecordSpec[];
  /** Declared counts, when they are lies. */
  counts?: readonly [number, number, number, number];
}

export const QUERY = 0x0100;
export const RESPONSE = 0x8180;
/** Pointer to the first question's name. */
export const TO_QUESTION = Uint8Array.of(0xc0, 0x0c);

export const u16 = (...values: number[]): Buffer => Buffer.from(values.flatMap((v) => [v >> 8, v & 255]));
export const u32 = (value: number): Buffer => u16(value >>> 16, value & 0xffff);
export const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/\s/g, ''), 'hex');

export function name(text: string | Uint8Array): Uint8Array {
  if (typeof text !== 'string') return text;
  const labels = text === '.' ? [] : text.split('.');
  return Buffer.concat([...labels.map((label) => string(label)), Buffer.of(0)]);
}

/** A character-string: one octet of length, then the text. */
export function string(text: string | Uint8Array): Buffer {
  const content = Buffer.from(text as string);
  return Buffer.concat([Buffer.of(content.length), content]);
}

export function message(spec: MessageSpec): Buffer {
  const { questions = [], answers = [], authorities = [], additionals = [] } = spec;
  const counts = spec.counts ?? [questions.length, answers.length, authorities.length, additionals.length];
  const record = (r: RecordSpec) =>
    Buffer.concat([name(r.name), u16(r.type, r.class ?? 1), u32(r.ttl ?? 300), u16(r.rdata.length), r.rdata]);
  return Buffer.concat([
    u16(spec.id ?? 0x1234, spec.flags ?? QUERY, ...counts),
    ...questions.map((q) => Buffer.concat([name(q.name), u16(q.type, q.class ?? 1)])),
    ...[...answers, ...authorities, ...additionals].map(record),
  ]);
}

/** With its length before it, as over TCP. */
export const framed = (...messages: Uint8Array[]): Buffer => Buffer.concat(messages.flatMap((m) => [u16(m.length), m]));

export const query = (host: string, type = 1, more: MessageSpec = {}): Buffer =>
  message({ questions: [{ name: host, type }], ...more });

export const response = (
  host: string,
  answers: readonly RecordSpec[],
  more: MessageSpec & { type?: number } = {},
): Buffer => message({ flags: RESPONSE, questions: [{ name: host, type: more.type ?? 1 }], answers, ...more });

export const a = (address: string, owner: string | Uint8Array = TO_QUESTION): RecordSpec => ({
  name: owner,
  type: 1,
  rdata: Buffer.from(address.split('.').map(Number)),
});

export const soa = (owner: string, serial: number): RecordSpec => ({
  name: owner,
  type: 6,
  rdata: Buffer.concat([name('ns.example'), name('admin.example'), u32(serial), u32(1), u32(2), u32(3), u32(4)]),
});

/** An OPT record; options are pairs of code and value. */
export const opt = (options: readonly (readonly [number, Uint8Array])[] = [], ttl = 0, size = 1232): RecordSpec => ({
  name: '.',
  type: 41,
  class: size,
  ttl,
  rdata: Buffer.concat(options.flatMap(([code, value]) => [u16(code, value.length), value])),
});
