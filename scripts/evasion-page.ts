// The text of docs/evasion.md: what attackers try with fragments and segments, and what we make of it. Derived from the vectors that
// the tests play, so the page cannot promise what is not tested.

import { TCP_EVENTS } from '../src/flow/tcp-events.ts';
import { FRAGMENT_EVENTS } from '../src/stream/defragment.ts';
import type { Expected, Vector } from '../test/kit/generate/evasion/vector.ts';
import { VECTORS } from '../test/kit/generate/evasion/vectors.ts';

const SOURCES: Readonly<Record<Vector['source'], string>> = {
  kernel: 'Linux',
  standard: 'RFC',
  table: 'table',
};
const PARTS: Readonly<Record<string, string>> = {
  I: 'IP: fragments and headers',
  T: 'TCP: overlapping segments',
  H: 'TCP: handshakes',
  R: 'TCP: resets and ends',
  V: 'TCP: what receivers refuse, or read otherwise',
};

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** A long answer is known by its letters: each stands for eight bytes there. */
function shortened(path: string): string {
  return path.length > 60 ? path.replace(/^\.+/, '').replaceAll(/(.)\1{7}/g, '$1') : path;
}

function answerOf(expected: Expected): string {
  const said: string[] = [];
  const paths = (expected.paths ?? []).filter((path) => path !== undefined);
  if (expected.paths !== undefined)
    said.push(paths.length === 0 ? 'no request' : paths.map((path) => `\`${shortened(path)}\``).join(', '));
  if (expected.names !== undefined)
    said.push(expected.names.length === 0 ? 'no datagram' : expected.names.map((name) => `\`${name}\``).join(', '));
  if (expected.states !== undefined) said.push(expected.states.join(', '));
  if (expected.flows !== undefined && expected.flows > 1) said.push(`${expected.flows} flows`);
  return said.join('; ') || 'a flow';
}

function othersOf(vector: Vector): string {
  const byAnswer = new Map<string, string[]>();
  for (const { name, expected } of vector.under ?? []) {
    const answer = answerOf(expected);
    if (answer === answerOf(vector.expected)) continue;
    byAnswer.set(answer, [...(byAnswer.get(answer) ?? []), name]);
  }
  return [...byAnswer].map(([answer, names]) => `${names.join(', ')}: ${answer}`).join('<br>');
}

function rowOf(vector: Vector): string {
  const events = Object.keys(vector.expected.events)
    .filter((name) => !name.endsWith('_bytes'))
    .map((name) => `\`${name}\``);
  const cells = [
    vector.id,
    vector.what,
    vector.receiver,
    answerOf(vector.expected),
    othersOf(vector),
    events.join(' '),
    SOURCES[vector.source],
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

const eventRows = (prefix: string, events: Readonly<Record<string, string>>): string[] =>
  Object.entries(events).map(([name, doc]) => `| \`${prefix}${name}\` | ${cell(doc)} |`);

export function evasionPage(): string {
  const lines = [
    '# Evasion',
    '',
    'Derived from the tests by `npm run evasion:docs`: change those, not this page.',
    '',
    'Whoever wants to hide from an observer sends what the observer reads otherwise than the receiver does. The answer here is twofold.',
    'Where copies disagree, the **first** one counts unless a policy says otherwise, and every disagreement is an event. And what its',
    'receiver may refuse is **doubted**: it waits until the receiver acknowledges it, and a copy without fault takes its place. So',
    'nothing is lost where our picture is incomplete (a window update that was not captured, checksums that the network card fills',
    'in), and nothing is believed that nobody took.',
    '',
    'Events are counted in the loss ledger (record `loss`, the summary) and stand in the flow document as `netscribe.tcp.events`.',
    'A transaction that went on while bytes of its connection were contradicted has `netscribe.ambiguous: true`; one that was over before is\nout already: there the flow alone tells.',
    'Options: `tcp.overlap` and `fragments.overlap` (policies), `tcp.urgent` (`out-of-band`, `inline`), `tcp.ttl` (`ignore`,',
    '`handshake`), `checksums` (`auto`, `ignore`, `count`, `drop`).',
    '',
    'Where the last column says Linux, the tests ask the running kernel (in a network namespace, as root): what its application reads is',
    'what the policy `linux` delivers from a capture of the same packets. They ask it too about overlaps in every pair and hundreds of',
    'triples, of TCP segments and of IPv4 and IPv6 fragments; of four and more TCP segments that overlap, the shape of its tree decides,',
    'and about three in a thousand come out otherwise. What it taught is in the vectors: it drops a datagram whose fragments overlap, takes',
    'neighbours in its queue for one piece, drops data that reach beyond the window, and takes back no byte that it has passed on',
    '(T1, where some tables say otherwise).',
    '',
  ];
  for (const [letter, title] of Object.entries(PARTS)) {
    lines.push(
      `## ${title}`,
      '',
      '| | what is sent | what a receiver does | our answer | under another policy | events | learnt from |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      ...VECTORS.filter((vector) => vector.id.startsWith(letter)).map(rowOf),
      '',
    );
    if (letter === 'T')
      lines.push(
        'T7, all relations of two and three chunks in every order, is `test/stream/overlap.test.ts` against single bytes, and',
        '`test/evasion/pieces.test.ts` against the kernel.',
        '',
      );
  }
  lines.push(
    '## Events',
    '',
    'Prefix `tcp.` where headers alone tell, `stream.` where reassembly does.',
    '',
    '| event | meaning |',
    '| --- | --- |',
    ...eventRows('', TCP_EVENTS),
    ...eventRows('fragments.', FRAGMENT_EVENTS),
    '',
  );
  return lines.join('\n');
}
