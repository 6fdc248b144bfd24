// The memory of flows: hot and cold rows (`layout.ts`). The tables for IPv4 and IPv6 have theirs in the same arrays, one behind the other: the loop that
// counts packets has these as constants, and need not choose between two of each (docs/decisions.md).

import * as layout from './layout.ts';

const { COLD_WORDS, HOT_WORDS } = layout;

const WASM_PAGE_BYTES = 65_536;
/** All that is used of it; its types come with those of the browser, which do not belong here. */
declare const WebAssembly: { Memory: new (size: { initial: number; maximum: number }) => { buffer: ArrayBuffer } };

export class FlowRows {
  readonly words: Int32Array;
  readonly cold: Int32Array;

  constructor(count: number) {
    this.words = alignedWords(count * HOT_WORDS);
    this.cold = new Int32Array(count * COLD_WORDS);
  }

  /**
   * Word `word` of all hot rows: what is `words[base + word]` is `column(word)[base]`, and the word behind it, as that of side B, at `base + 1`. As
   * `Stage.column`.
   */
  column(word: number): Int32Array {
    const { words } = this;
    return words.subarray(word, words.length - HOT_WORDS + 2 + word);
  }
}

/**
 * Zeroed words that begin at a cache line. An ArrayBuffer begins sixteen bytes behind a page, and every row would lie across two lines
 * (measured: a third more per packet at 150,000 flows); WebAssembly memory begins at a page. The system commits pages as they are touched.
 */
function alignedWords(count: number): Int32Array {
  const pages = Math.max(1, Math.ceil((count * 4) / WASM_PAGE_BYTES));
  return new Int32Array(new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer, 0, count);
}
