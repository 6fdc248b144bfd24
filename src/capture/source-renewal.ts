// How sources that are open go on when the configuration or the number of interfaces changes: in place where they can, so that no packet is
// missed; and which of them have to be opened anew.

import type { Capture, SourceRenew } from './capture.ts';
import type { CaptureConfig } from './interface-config.ts';
import { sharers } from './ring-share.ts';
import { RunGroup } from './run-group.ts';

export interface RenewalOptions {
  /** Undefined: a source that is to change is closed, and opened anew. */
  sourceRenew?: SourceRenew | undefined;
  /** An interface is about to be closed, or its source to be changed: the last chance to write out what it has. */
  beforeClose?: (captures: readonly Capture[]) => Promise<void>;
  /** Sources share a bounded memory: when many more come, those that are open get less of it. */
  sharesMemory?: boolean;
  /** Hears what people should know. */
  note?: ((text: string) => void) | undefined;
}

/**
 * New rings stand beside former ones until these are read to their end. A part of all at once, for all together have three quarters of the
 * memory that there may be.
 */
const RENEWED_PARTS = 4;

/** What changes. */
export interface Renewal {
  /** All that are captured. */
  captures: readonly Capture[];
  /** Those of another configuration. */
  changed: readonly Capture[];
  /** All that are to be captured. */
  wanted: ReadonlyMap<string, CaptureConfig>;
}

/** Lets sources go on otherwise, or smaller; gives those that have to be opened anew. */
export async function renewSources(
  options: RenewalOptions,
  { captures, changed, wanted }: Renewal,
): Promise<Capture[]> {
  const { sourceRenew, beforeClose, note } = options;
  const tooLarge = options.sharesMemory === true ? withTooLargeRings(captures, wanted) : [];
  const all = captures.filter((capture) => changed.includes(capture) || tooLarge.includes(capture));
  const goOn = all.filter(({ isOpen, name }) => isOpen && wanted.get(name)!.disable !== true);
  const renewed = new Set<Capture>();
  if (sourceRenew !== undefined && goOn.length > 0) {
    await beforeClose?.(goOn.filter((capture) => changed.includes(capture)));
    const rings = sharers(wanted.size);
    const atOnce = Math.ceil(goOn.length / RENEWED_PARTS);
    for (let i = 0; i < goOn.length; i += atOnce) {
      const group = new RunGroup();
      for (const capture of goOn.slice(i, i + atOnce)) {
        group.run(async () => {
          if (await capture.renew(sourceRenew, wanted.get(capture.name)!, rings)) renewed.add(capture);
        });
      }
      await group.wait();
    }
  }
  const smaller = tooLarge.filter((capture) => renewed.has(capture));
  if (smaller.length > 0)
    note?.(
      `there are ${wanted.size} interfaces now: the rings of ${namesOf(smaller)} became smaller; no packet was missed`,
    );
  const anew = goOn.filter((capture) => !renewed.has(capture));
  if (anew.length > 0)
    note?.(`the rings of ${namesOf(anew)} are opened anew: packets of some tenths of a second are missed there`);
  return all.filter((capture) => !renewed.has(capture));
}

/** Those whose rings leave too little for so many interfaces. */
function withTooLargeRings(captures: readonly Capture[], wanted: ReadonlyMap<string, CaptureConfig>): Capture[] {
  const rings = sharers(wanted.size);
  return captures.filter((capture) => capture.isOpen && capture.rings < rings && wanted.has(capture.name));
}

/** There may be a thousand. */
const MOST_NAMES = 12;

function namesOf(captures: readonly Capture[]): string {
  const names = captures.map(({ name }) => name);
  const more = names.length - MOST_NAMES;
  return more > 1 ? `${names.slice(0, MOST_NAMES).join(', ')} and ${more} others` : names.join(', ');
}
