// The links of a namespace as a source of `-i /^d/` follows them. At a line `follow` on standard input it asks for the links, and says what it
// tells people; at `name IFINDEX` it says, as JSON, which interface packets of that index are of; at `changed` whether each of two that follow links has
// word of a change.

import { createInterface } from 'node:readline';
import { LIVE_DEFAULTS } from '../../src/sources/ring/open-live.ts';
import { selectInterfaces } from '../../src/sources/ring/selection.ts';
import { UserFilter } from '../../src/sources/ring/user-filter.ts';
import { WantedLinks } from '../../src/sources/ring/wanted-links.ts';
import { LinkWatch } from '../../src/system/link-watch.ts';

const ETHERNET = 1;
let told: string[] = [];
const links = new WantedLinks({
  ...LIVE_DEFAULTS,
  selection: selectInterfaces(['/^d/']),
  filter: await UserFilter.load('', LIVE_DEFAULTS.snapLength),
  needed: undefined,
  fanOutGroup: undefined,
  team: undefined,
  tell: (words) => told.push(words),
});
await links.open();
const other = await LinkWatch.open();
for await (const line of createInterface(process.stdin)) {
  if (line === 'follow') {
    links.list();
    links.forgetNumbers();
    links.tellChanges();
    process.stdout.write(`${JSON.stringify(told)}\n`);
    told = [];
  } else if (line === 'changed') process.stdout.write(`${JSON.stringify([links.hasChanged(), other.hasChanged()])}\n`);
  else {
    const { name, linkType } = links.interfaces[links.numberOf(Number(line.split(' ')[1]), ETHERNET)];
    process.stdout.write(`${JSON.stringify([name, linkType])}\n`);
  }
}
