// BPF for the rest of netscribe: loads compiled objects (bpf/*.o, "compile once, run everywhere") with nothing but bpf(2), by FFI.
//
//   const bpf = await openBpf();                                    // BpfError: what is missing here
//   using object = bpf.load(readFileSync(path), path, {
//     programs: (name) => name !== 'old_kernels',                   // default: all whose section does not begin with `?`
//     maxEntries: { events: 16 << 20, 'active.inner': 65536 },      // instead of what the object says; inner maps as `outer.inner`
//     constants: { want_ipv6: 1 },                                  // `const volatile` variables, before the verifier sees them
//   });
//
//   using link = object.program('on_state').attach();               // tp_btf, raw_tp
//   using tcx = object.program('count').attachTcx(ifindex, 'ingress');           // Linux >= 6.6; detached with the link or process
//   using tc = await attachClsact(object.program('count'), ifindex, 'egress');   // before; stays when the process is killed
//
//   const ring = object.ring('events');                             // mapped; `ring.view` and `ring.bytes` are its memory
//   ring.drain((at, length) => read(ring.view, at), 10_000);        // records in place; returns how many
//
//   const outer = object.map('active');                             // an array of maps
//   const next = outer.newInner();
//   outer.setInner(0, next);                                        // returns when no program uses the old one any more
//   const cursor = old.newCursor();
//   while (!cursor.done) use(keys, values, old.readBatch(cursor, keys, values, true));
//
// Privileges: tracepoints CAP_BPF and CAP_PERFMON, interfaces CAP_NET_ADMIN besides. Everything hangs on descriptors: when the process
// ends, however it does, programs are detached and maps freed.

import { KIND } from './btf.ts';
import { loadKernel } from './kernel.ts';
import { BpfObject, kernelBtf, type LoadOptions } from './object.ts';

export { attachClsact } from './clsact.ts';
export { BpfError } from './error.ts';
export { type BatchCursor, BpfMap, possibleCpus } from './map.ts';
export { BpfObject, kernelBtf, type LoadOptions } from './object.ts';
export { BpfLink, BpfProgram, type TcDirection } from './program.ts';
export type { RingBuffer } from './ring-buffer.ts';

export interface Bpf {
  /** Loads an object; `name` is for messages. Throws BpfError, with the end of the verifier's log when a program is refused. */
  load(bytes: Uint8Array, name: string, options?: LoadOptions): BpfObject;
}

/** Throws BpfError when koffi or bpf(2) is not to be had here. */
export async function openBpf(): Promise<Bpf> {
  const kernel = await loadKernel();
  return { load: (bytes, name, options) => new BpfObject(kernel, bytes, name, options) };
}

/** Names of an enum of the running kernel by their numbers; empty when it has no such enum. Throws BpfError without BTF. */
export function kernelEnum(name: string): ReadonlyMap<number, string> {
  const types = kernelBtf();
  const id = types.find(name, KIND.ENUM, KIND.ENUM64);
  if (id === 0) return new Map();
  return new Map(types.enumerators(types.type(id)).map(({ name: text, value }) => [Number(value), text]));
}
