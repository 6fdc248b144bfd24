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
  // A connection ends on both sides; that somebody listens no more is no end of one.
  expect(clients.length).toBe(50);
  expect(documents.length).toBe(50);
  for (const { netscribe, user, event, source, destination } of clients) {
    expect(netscribe.tcp.new_state).toBe('CLOSED');
    expect([source?.bytes, destination?.bytes]).toEqual([100, 300]);
    // How it ended was not seen.
    expect([event.reason, event.outcome]).toEqual([undefined, undefined]);
    // The kernel does not tell the user of a socket that is done for: he is known from before, or not at all, and never root.
    expect([undefined, '65534']).toContain(user?.id);
  }
  expect(multiset(clients.map(({ source }) => source!.ip!))).toEqual({ '127.0.0.1': 40, '::1': 10 });
});

it('does not take what was seen last for how it ended', async (context) => {
  here(context);
  using net = new Namespace('ended');
  const holder = net.start('hold');
  const said = linesOf(holder);
  await said();
  const { documents } = await watch(
    ['--event', 'sock-diag', '--kinds', 'state,close,fail'],
    async () => {
      holder.stdin!.write('\n');
      await said();
      net.traffic('refused', 1);
    },
    'SIGTERM',
    ['ip', 'netns', 'exec', net.name],
  );
  holder.stdin!.end();
  const ends = documents.filter(({ netscribe }) => netscribe.tcp.new_state === 'CLOSED');
  // Who listens does nothing else: that is what it was, if it was seen.
  const told = ends.map(({ event, source, netscribe }) =>
    [
      event.action,
      netscribe.tcp.old_state.replace('LISTEN', 'UNKNOWN'),
      event.reason,
      event.outcome,
      source?.ip === undefined ? 'alone' : '',
    ].join(' '),
  );
  expect(multiset(told)).toEqual({ 'close UNKNOWN   ': 2, 'state UNKNOWN   ': 2, 'state UNKNOWN   alone': 2 });
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
