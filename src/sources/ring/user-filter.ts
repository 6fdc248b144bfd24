// The user's filter text as programs for the kernel, one per kind of frame.

import { type BpfInstruction, type FilterCompiler, FilterError, loadFilterCompiler } from '../../system/libpcap.ts';
import type { Link } from '../../system/links.ts';
import type { KernelFilterRequest } from './kernel-filter.ts';
import { linkTypeOfInterface } from './link-type.ts';
import type { InterfaceSelection } from './selection.ts';

const DLT_EN10MB = 1;
const DLT_RAW = 12;
/** The kernel takes the VLAN tag out of a frame, so a filter that asks for it has to be compiled on a live interface. */
const ASKS_FOR_VLAN = /\bvlan\b/;

export class UserFilter {
  readonly #text: string;
  readonly #compiler: FilterCompiler | undefined;
  readonly #snapLength: number;
  #vlan: readonly BpfInstruction[] | undefined;

  private constructor(text: string, compiler: FilterCompiler | undefined, snapLength: number) {
    this.#text = text;
    this.#compiler = compiler;
    this.#snapLength = snapLength;
  }

  /** Rejects with FilterError when the text is wrong or libpcap is missing. */
  static async load(text: string, snapLength: number): Promise<UserFilter> {
    if (text.trim() === '') return new UserFilter('', undefined, snapLength);
    const filter = new UserFilter(text, await loadFilterCompiler(), snapLength);
    // A text that is wrong is told before anything is opened.
    filter.#compiler!.compile(text, DLT_EN10MB, snapLength);
    return filter;
  }

  /** Nothing is asked for: everything passes. */
  get isEmpty(): boolean {
    return this.#compiler === undefined;
  }

  /** `links`: what there is, to compile on when the text asks for VLANs. Throws FilterError. */
  programs(links: readonly Link[], selection: InterfaceSelection): KernelFilterRequest['user'] {
    if (this.#compiler === undefined) return undefined;
    return { ethernet: this.#ethernet(links, selection), raw: this.#raw() };
  }

  #ethernet(links: readonly Link[], selection: InterfaceSelection): readonly BpfInstruction[] {
    if (!ASKS_FOR_VLAN.test(this.#text)) return this.#compiler!.compile(this.#text, DLT_EN10MB, this.#snapLength);
    if (this.#vlan !== undefined) return this.#vlan;
    const usable = links.filter((link) => link.isUp && linkTypeOfInterface(link.hardwareType) === DLT_EN10MB);
    const on = usable.find(({ name }) => selection.wants(name)) ?? usable[0];
    if (on === undefined) {
      throw new FilterError(
        `the filter “${this.#text}” asks for VLANs and can only be understood on an Ethernet interface that is up; there is none`,
      );
    }
    this.#vlan = this.#compiler!.compileLive(this.#text, on.name, this.#snapLength);
    return this.#vlan;
  }

  /** Undefined when the text makes no sense without a link layer: then no such packet matches. */
  #raw(): readonly BpfInstruction[] | undefined {
    try {
      return this.#compiler!.compile(this.#text, DLT_RAW, this.#snapLength);
    } catch (error) {
      if (error instanceof FilterError) return undefined;
      throw error;
    }
  }
}
