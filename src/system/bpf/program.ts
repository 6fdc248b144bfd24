// BPF programs that the kernel has taken, and the links that attach them. A link is a descriptor: closed, or with the process gone
// however it ended, the program is detached. Nothing is pinned, so nothing can be left behind.

import { closeSync } from 'node:fs';
import { BpfError } from './error.ts';
import { COMMAND, type Kernel } from './kernel.ts';

/** enum bpf_prog_type, enum bpf_attach_type */
const TYPE = { SOCKET_FILTER: 1, SCHED_CLS: 3, XDP: 6, RAW_TRACEPOINT: 17, TRACING: 26 } as const;
const ATTACH = { TRACE_RAW_TP: 23, TRACE_ITER: 28, TCX_INGRESS: 46, TCX_EGRESS: 47 } as const;

export type TcDirection = 'ingress' | 'egress';

/** What a program's section name says: type, how it is loaded, which kernel type it belongs to. */
export interface ProgramKind {
  readonly type: number;
  readonly attachType: number;
  /** Name of the kernel's BTF type to attach to, `btf_trace_x` (typedef) or `bpf_iter_x` (function); empty: none. */
  readonly target: string;
  /** Tracepoint of a raw_tp program. */
  readonly tracepoint: string;
}

/** `tp_btf/NAME`, `raw_tp/NAME`, `iter/NAME`, `tc`, `tcx/ingress`, `tcx/egress`, `socket`, `xdp`; undefined for anything else. */
export function programKind(section: string): ProgramKind | undefined {
  const [kind, name = ''] = section.replace(/^\?/, '').split('/');
  const none = { attachType: 0, target: '', tracepoint: '' };
  switch (kind) {
    case 'tp_btf':
      return { ...none, type: TYPE.TRACING, attachType: ATTACH.TRACE_RAW_TP, target: `btf_trace_${name}` };
    case 'iter':
      return { ...none, type: TYPE.TRACING, attachType: ATTACH.TRACE_ITER, target: `bpf_iter_${name}` };
    case 'raw_tp':
    case 'raw_tracepoint':
      return { ...none, type: TYPE.RAW_TRACEPOINT, tracepoint: name };
    case 'tc':
    case 'classifier':
      return { ...none, type: TYPE.SCHED_CLS };
    case 'tcx':
      // Loaded without the expected attach type: it can then be attached both ways, and by clsact on older kernels.
      return { ...none, type: TYPE.SCHED_CLS };
    case 'socket':
      return { ...none, type: TYPE.SOCKET_FILTER };
    case 'xdp':
      return { ...none, type: TYPE.XDP };
    default:
      return undefined;
  }
}

/** Attached as long as it is open. */
export class BpfLink implements Disposable {
  readonly fd: number;
  #isOpen = true;
  constructor(fd: number) {
    this.fd = fd;
  }
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.fd);
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

export class BpfProgram implements Disposable {
  readonly name: string;
  readonly kind: ProgramKind;
  readonly fd: number;
  readonly #kernel: Kernel;
  #isOpen = true;

  constructor(kernel: Kernel, name: string, kind: ProgramKind, fd: number) {
    this.#kernel = kernel;
    this.name = name;
    this.kind = kind;
    this.fd = fd;
  }

  get isIterator(): boolean {
    return this.kind.attachType === ATTACH.TRACE_ITER;
  }

  /** Attaches a tp_btf or raw_tp program to its tracepoint. Throws BpfError. */
  attach(): BpfLink {
    const { type, tracepoint, target } = this.kind;
    if (type !== TYPE.RAW_TRACEPOINT && this.kind.attachType !== ATTACH.TRACE_RAW_TP) {
      throw new BpfError(`${this.name} is no tracepoint program: attach it to an interface or iterate with it`);
    }
    const attribute = this.#kernel.attribute().u32(8, this.fd);
    if (tracepoint !== '') attribute.pointer(0, Buffer.from(`${tracepoint}\0`, 'latin1'));
    return new BpfLink(
      this.#kernel.call(
        COMMAND.RAW_TRACEPOINT_OPEN,
        attribute,
        `${this.name} can not be attached to ${tracepoint || target.replace('btf_trace_', 'tracepoint ')}`,
      ),
    );
  }

  /** Attaches a tc program to an interface of this network namespace by TCX (Linux 6.6 and newer). Throws BpfError. */
  attachTcx(ifindex: number, direction: TcDirection): BpfLink {
    const attachType = direction === 'ingress' ? ATTACH.TCX_INGRESS : ATTACH.TCX_EGRESS;
    const attribute = this.#kernel.attribute().u32(0, this.fd).u32(4, ifindex).u32(8, attachType);
    const what = `${this.name} can not be attached to the ${direction} of interface ${ifindex}`;
    return new BpfLink(this.#kernel.call(COMMAND.LINK_CREATE, attribute, what));
  }

  /** Attaches an iterator. Each `openIterator` on the link is one run, whose output is read from the descriptor until its end. */
  attachIterator(): BpfLink {
    const attribute = this.#kernel.attribute().u32(0, this.fd).u32(8, ATTACH.TRACE_ITER);
    return new BpfLink(this.#kernel.call(COMMAND.LINK_CREATE, attribute, `${this.name} can not be attached`));
  }
  /** Descriptor of a new run; the caller closes it. */
  openIterator(link: BpfLink): number {
    const attribute = this.#kernel.attribute().u32(0, link.fd);
    return this.#kernel.call(COMMAND.ITER_CREATE, attribute, `${this.name} can not be run`);
  }

  /** Runs a tc or XDP program once over a packet, as the kernel's own tests do: its return value. */
  testRun(packet: Uint8Array): number {
    const attribute = this.#kernel.attribute().u32(0, this.fd).u32(8, packet.length).pointer(16, packet).u32(32, 1);
    this.#kernel.call(COMMAND.PROG_TEST_RUN, attribute, `${this.name} can not be tried`);
    return attribute.bytes.readUInt32LE(4);
  }

  /**
   * Times that it ran and ns that it took, counted while kernel.bpf_stats_enabled is on; and times that it should have run while it was
   * running on the same CPU already, which the kernel does not let it.
   */
  runs(): { count: number; ns: number; misses: number } {
    const info = Buffer.alloc(232);
    const attribute = this.#kernel.attribute().u32(0, this.fd).u32(4, info.length).pointer(8, info);
    this.#kernel.call(COMMAND.OBJ_GET_INFO_BY_FD, attribute, `${this.name} can not be looked at`);
    const [ns, count, misses] = [192, 200, 208].map((at) => Number(info.readBigUInt64LE(at)));
    return { ns, count, misses };
  }

  /** The program stays in the kernel as long as links hold it. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.fd);
  }
  [Symbol.dispose](): void {
    this.close();
  }
}
