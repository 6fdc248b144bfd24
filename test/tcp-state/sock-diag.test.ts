// TCP events from netlink: the ends of connections, and what dumps show. The source sees its own network namespace, so the command runs
// in one.

import { afterAll, expect, it, type TestContext } from 'vitest';
import { linesOf, multiset, Namespace, watch, whyNot } from './kit.ts';

const namespace = whyNot === undefined ? new Namespace('diag') : undefined;
afterAll(() => namespace?.[Symbol.dispose]());
function here(context: TestContext): Namespace {
  return namespace ?? context.skip(whyNot);
}

it('tells each end of a connection, with its counters', async (context) => {
  const net = here(context);
  const { documents, code, stderr } = await watch(
    ['--event', 'sock-diag', '--kinds', 'close'],
    () => {
      net.traffic('short', 20, 9000, 65534);
      net.traffic('short6', 5, 9000, 65534);
    },
    'SIGTERM',
    ['ip', 'netns', 'exec', net.name],
  );
  expect(code).toBe(143);
  // What began and ended unseen is no loss that is counted, and nothing else is promised.
  expect(stderr).toContain('listening by sock-diag, which sees ends of connections, and what lasts a second');
  expect(stderr).toContain('Nothing was lost of what is seen in this way.');
  const clients = documents.filter(
    ({ destination, source }) => destination?.port === 9000 && source?.port !== undefined,
  );
  // Listeners end, too; a connection ends on both sides.
  expect(clients.length).toBe(50);
  for (const { netscribe, user } of clients) {
    expect(netscribe.tcp.new_state).toBe('CLOSED');
    // The kernel does not tell the user of a socket that is done for: he is known from before, or not at all, and never root.
    expect([undefined, '65534']).toContain(user?.id);
  }
  expect(multiset(clients.map(({ source }) => source!.ip!))).toEqual({ '127.0.0.1': 40, '::1': 10 });
});

it('shows what is there, with its owner', async (context) => {
  here(context);
  // A namespace without the remains of other connections.
  using net = new Namespace('held');
  const holder = net.start('hold');
  const [pid] = (await linesOf(holder)()).split(' ').map(Number);
  const { documents } = await watch(
    ['--event', 'sock-diag', '--kinds', 'snapshot', '-c', '3'],
    () => undefined,
    'SIGCONT',
    ['ip', 'netns', 'exec', net.name],
  );
  holder.stdin!.end();
  expect(multiset(documents.map((d) => d.netscribe.tcp.new_state))).toEqual({ ESTABLISHED: 2, LISTEN: 1 });
  for (const { process: owner } of documents) expect(owner).toMatchObject({ pid, name: 'python3' });
});
