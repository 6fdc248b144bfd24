// From a declaration to a function that writes one JSON document per record: straight-line code, made once at start for the record
// types that are asked for. Only names that match `^[a-z][A-Za-z0-9]*$` and JSON texts of the declaration enter the code.

import { presentCode, valueCode } from './code.ts';
import type { Field, Fields } from './field.ts';
import type { RecordType } from './record.ts';
import { boundJson, boundMap, boundStrings, boundText, type JsonWriter, KeywordCache } from './writer.ts';

/** Writes the record (and what it takes from its flow) at `at`, a newline behind it; returns the offset behind. Reserves its room. */
export type NdjsonEncoder = (record: object, flow: object, writer: JsonWriter, at: number) => number;

interface Leaf {
  name: string;
  field: Field;
}
interface Node {
  members: Map<string, Node | Leaf>;
}
const isNode = (x: Node | Leaf): x is Node => 'members' in x;

/** Longest literal that is written word by word; longer ones are copied, which costs a call and pays late. */
const UNROLLED_BYTES = 192;
/** Room beyond what `bound` sums: fixed-size values (times, numbers, addresses) at 48 bytes each are counted per field. */
const FIXED_VALUE_BYTES = 48;

/** What generated code refers to beside its constants. */
interface Parts {
  lists: Code[];
  /** Sums of the room that the lists' entries need: function bodies, by list. */
  sizes: string[];
  caches: KeywordCache[];
}

class Code {
  readonly lines: string[] = [];
  readonly constants: Buffer[] = [];
  fixed = 64;
  #literal = '';

  literal(text: string): void {
    this.#literal += text;
  }
  line(text: string): void {
    this.flush();
    this.lines.push(text);
  }
  flush(): void {
    if (this.#literal === '') return;
    const bytes = Buffer.from(this.#literal);
    this.#literal = '';
    this.fixed += bytes.length + 8;
    if (bytes.length > UNROLLED_BYTES) {
      this.lines.push(`O.set(K[${this.constants.length}],at);at+=${bytes.length};`);
      this.constants.push(bytes);
      return;
    }
    const padded = Buffer.concat([bytes, Buffer.alloc(8)]);
    let text = '';
    // What lies behind the last word is overwritten by what follows: there is always something. ASCII never is the bytes of a NaN, so
    // eight of them can be written as a double, and what JavaScript prints of one is read back as the same.
    for (let i = 0; i < bytes.length; i += 8) {
      const isAscii = padded.subarray(i, i + 8).every((byte) => byte < 0x80);
      if (isAscii && bytes.length - i > 4) text += `V.setFloat64(at+${i},${padded.readDoubleLE(i)},true);`;
      else
        for (let k = i; k < Math.min(i + 8, bytes.length); k += 4)
          text += `V.setInt32(at+${k},${padded.readInt32LE(k)},true);`;
    }
    this.lines.push(`${text}at+=${bytes.length};`);
  }
}

/** The document as a tree of its paths. Throws when one path lies inside another: a fault of the declaration. */
function treeOf(type: { name: string; fields: Fields }): Node {
  const root: Node = { members: new Map() };
  for (const [name, field] of Object.entries(type.fields)) {
    for (const path of field.paths) {
      const parts = path.split('.');
      let node = root;
      for (const part of parts.slice(0, -1)) {
        const next = node.members.get(part) ?? { members: new Map() };
        if (!isNode(next)) throw new Error(`${type.name}: ${path} lies inside a field`);
        node.members.set(part, next);
        node = next;
      }
      const last = parts[parts.length - 1];
      if (node.members.has(last)) throw new Error(`${type.name}: ${path} is there twice`);
      node.members.set(last, { name, field });
    }
  }
  return root;
}

const isRequired = (x: Node | Leaf): boolean =>
  isNode(x) ? [...x.members.values()].some(isRequired) : !x.field.isOptional || x.field.isNulled === true;

const present = ({ name, field }: Leaf): string => presentCode(name, field);

function anyPresent(x: Node | Leaf): string {
  return isNode(x) ? [...x.members.values()].map(anyPresent).join('||') : present(x);
}

function value(code: Code, leaf: Leaf, parts: Parts, bounds: string[]): void {
  const { field, name } = leaf;
  const a = valueCode(name, field);
  const guard = field.isOptional ? `${present(leaf)}?` : '';
  const otherwise = field.isOptional ? ':0' : '';
  code.fixed += FIXED_VALUE_BYTES;
  if (field.flowWriter !== undefined) {
    const writer = `f.${field.flowWriter}`;
    code.line(`if(${writer}!==undefined){O[at]=34;at=${writer}(O,at+1);O[at++]=34;}else at=w.text(${a},at);`);
    bounds.push(`(${writer}!==undefined?0:${guard}${a}.length*6+16${otherwise})`);
    return;
  }
  switch (field.kind) {
    case 'constant':
      code.literal(JSON.stringify(field.sub));
      break;
    case 'time':
      code.line(`at=w.time(r.${name}Seconds,r.${name}Nanos,at);`);
      break;
    case 'int':
    case 'float':
    case 'duration':
      code.line(`at=w.num(${a},at);`);
      break;
    case 'bool':
      code.line(`at=w.bool(${a},at);`);
      break;
    case 'ip':
      code.line(`at=w.ip(${a},at);`);
      break;
    case 'keyword':
      code.line(`at=w.keyword(${a},X${parts.caches.length},at);`);
      parts.caches.push(new KeywordCache());
      bounds.push(`(${guard}${a}.length*6+16${otherwise})`);
      break;
    case 'text':
      code.line(`at=w.text(${a},at);`);
      bounds.push(`(${guard}${a}.length*6+16${otherwise})`);
      break;
    case 'slice':
      code.line(`at=w.slice(r.bytes,r.${name}At,r.${name}End,at);`);
      bounds.push(`(${guard}(r.${name}End-r.${name}At)*6+16${otherwise})`);
      break;
    case 'keywords':
      code.line(`at=w.${field.isSingle === true ? 'single' : 'strings'}(${a},at);`);
      bounds.push(`(${guard}B.strings(${a})${otherwise})`);
      break;
    case 'map':
      code.line(`at=w.map(${a},at);`);
      bounds.push(`(${guard}B.map(${a})${otherwise})`);
      break;
    case 'json':
      code.line(`at=w.json(${a},at);`);
      bounds.push(`(${guard}B.json(${a})${otherwise})`);
      break;
    case 'list': {
      const index = parts.lists.length;
      const sub = new Code();
      parts.lists.push(sub);
      const subBounds: string[] = [];
      object(sub, treeOf({ name, fields: field.sub as Fields }), parts, subBounds);
      sub.flush();
      code.line(
        `O[at++]=91;for(let i=0;i<${a}.length;i++){if(i>0)O[at++]=44;at=L${index}(${a}[i],f,w,at,O,V);}O[at++]=93;`,
      );
      parts.sizes[index] = [String(sub.fixed), ...subBounds].join('+');
      bounds.push(`(${guard}S${index}(${a},f)${otherwise})`);
      break;
    }
  }
}

/** Required members first, so that no comma is ever taken back; an object of optional members only takes back its last one. */
function object(code: Code, node: Node, parts: Parts, bounds: string[]): void {
  const members = [...node.members].sort(([, x], [, y]) => Number(isRequired(y)) - Number(isRequired(x)));
  const required = members.filter(([, x]) => isRequired(x));
  const optional = members.filter(([, x]) => !isRequired(x));
  code.literal('{');
  required.forEach(([key, x], i) => {
    code.literal(`${i > 0 ? ',' : ''}${JSON.stringify(key)}:`);
    if (isNode(x)) object(code, x, parts, bounds);
    else if (x.field.isOptional) {
      code.line(`if(${present(x)}){`);
      value(code, x, parts, bounds);
      code.line('}else{');
      code.literal('null');
      code.line('}');
    } else value(code, x, parts, bounds);
  });
  for (const [key, x] of optional) {
    code.line(`if(${anyPresent(x)}){`);
    if (required.length > 0) code.literal(',');
    code.literal(`${JSON.stringify(key)}:`);
    if (isNode(x)) object(code, x, parts, bounds);
    else value(code, x, parts, bounds);
    if (required.length === 0) code.literal(',');
    code.line('}');
  }
  if (required.length > 0 || optional.length === 0) code.literal('}');
  else code.line('if(O[at-1]===44)O[at-1]=125;else O[at++]=125;');
}

/** The code of a record type's encoder, for `netscribe records --code` and for people who debug. */
export function ndjsonSource(type: RecordType): { source: string; constants: Buffer[][]; caches: KeywordCache[] } {
  const parts: Parts = { lists: [], sizes: [], caches: [] };
  const bounds: string[] = [];
  const code = new Code();
  object(code, treeOf(type), parts, bounds);
  code.literal('\n');
  code.flush();
  const subs = parts.lists.map(
    (sub, i) =>
      `const K${i}=C[${i + 1}];function L${i}(r,f,w,at,O,V){const K=K${i};\n${sub.lines.join('\n')}\nreturn at;}
function S${i}(l,f){let s=8;for(let i=0;i<l.length;i++){const r=l[i];s+=${parts.sizes[i]};}return s;}`,
  );
  const source = [
    '"use strict";const K=C[0];',
    ...parts.caches.map((_, i) => `const X${i}=X[${i}];`),
    ...subs,
    'return function encode(r,f,w,at){',
    `w.reserve(at,${code.fixed}${bounds.map((b) => `+${b}`).join('')});const O=w.out,V=w.view;`,
    ...code.lines,
    'return at;}',
    `//# sourceURL=netscribe-ndjson-${type.name}.js`,
  ].join('\n');
  return { source, constants: [code.constants, ...parts.lists.map((sub) => sub.constants)], caches: parts.caches };
}

const bound = { text: boundText, strings: boundStrings, map: boundMap, json: boundJson };

/**
 * What was compiled, by record type: a process that opens one output after the other writes the same types again. All that an encoder remembers
 * is how values are written, which is the same for every output.
 */
const encoders = new WeakMap<RecordType, NdjsonEncoder>();
type Maker = (constants: Buffer[][], bounds: typeof bound, caches: KeywordCache[]) => NdjsonEncoder;

export function ndjsonEncoder(type: RecordType): NdjsonEncoder {
  let encoder = encoders.get(type);
  if (encoder === undefined) {
    const { source, constants, caches } = ndjsonSource(type);
    encoder = (new Function('C', 'B', 'X', source) as Maker)(constants, bound, caches);
    encoders.set(type, encoder);
  }
  return encoder;
}
