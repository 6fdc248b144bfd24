// node count-flows.ts INTERFACE tcx|clsact: lets the kernel count, says "open", and at the next line prints what was counted as JSON, one array
// for each flow and direction, without times.

import { createInterface } from 'node:readline';
import { selectInterfaces } from '../../src/sources/ring/selection.ts';
import { TcxSource } from '../../src/sources/tcx/tcx-source.ts';

const [name, attachBy] = process.argv.slice(2);
const source = new TcxSource({
  selection: selectInterfaces([name]),
  tell: (words) => process.stderr.write(`${words}\n`),
  attachBy: attachBy as 'tcx' | 'clsact',
});
await source.open();
process.stdout.write('open\n');
for await (const _line of createInterface(process.stdin)) {
  await source.detach(() => false);
  const counts = source.drain().map((count) => {
    const { source: from, destination, protocol, sourcePort, destinationPort, vlan, innerVlan, packets, bytes } = count;
    return [[...from], [...destination], protocol, sourcePort, destinationPort, vlan, innerVlan, packets, bytes];
  });
  const { noIp, broken } = source.stats();
  process.stdout.write(
    `${JSON.stringify({ counts: counts.map((each) => JSON.stringify(each)).sort(), noIp, broken })}\n`,
  );
  break;
}
await source.close();
process.exit(0);
