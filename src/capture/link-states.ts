// What the state of a link means for the capture of its interface: up, down, gone, back.

import type { Capture } from './capture.ts';
import type { LinkTable } from './link-table.ts';

/** Why this interface can not be opened now; undefined when it is there. */
export function whyAway(name: string, links: LinkTable): string | undefined {
  return links.list().some((link) => link.name === name) ? undefined : noLink(name);
}

/** States follow links. Gives those that are to be opened, because their links are back. */
export function followLinks(captures: readonly Capture[], links: LinkTable): Capture[] {
  const states = new Map(links.list().map((link) => [link.name, link]));
  const back: Capture[] = [];
  for (const capture of captures) {
    const link = states.get(capture.name);
    if (link === undefined) capture.away(noLink(capture.name));
    else if (!link.isUp) capture.away(`the interface '${capture.name}' is down`);
    else if (capture.isOpen) capture.back();
    else if (capture.state === 'waiting' && !capture.isAtEnd) back.push(capture);
  }
  return back;
}

function noLink(name: string): string {
  return `there is no interface '${name}' now`;
}
