// netscribe status: what a running daemon does.

import type { Command } from 'commander';
import { UsageError } from '../config/usage-error.ts';
import type { DaemonStatus } from '../daemon/daemon.ts';
import { ask, type ClientOptions, withClientOptions } from './client.ts';
import { newCommand, parse, withHelp } from './command.ts';
import { EXIT_OK } from './exit.ts';
import { grouped, siBytes, span } from './figures.ts';
import { print } from './print.ts';

const EXAMPLES = `  netscribe status                 all interfaces, flows, sinks
  netscribe status eth0 eth1       these
  netscribe status --json | jq     for scripts`;

export function main(words: string[]): Promise<number> {
  return withHelp(async () => {
    const command = definition();
    parse(command, words);
    const options = command.opts<ClientOptions & { json?: boolean }>();
    const only = command.args.length === 0 ? '' : `?iface=${encodeURIComponent(command.args.join(','))}`;
    const text = await ask(options, 'GET', `/api/status${only}`);
    const status = JSON.parse(text) as DaemonStatus;
    if (status.fault === null) checkNames(command.args, status);
    print(options.json === true ? `${text}\n` : statusText(status));
    return EXIT_OK;
  });
}

export function definition(): Command {
  return withClientOptions(
    newCommand('status', 'What the running daemon does.', EXAMPLES)
      .argument('[interfaces...]', 'only these')
      .option('--json', 'as JSON'),
  );
}

function checkNames(names: readonly string[], { interfaces }: DaemonStatus): void {
  for (const name of names)
    if (!Object.hasOwn(interfaces, name))
      throw new UsageError(`the daemon knows no interface '${name}' ('netscribe status' shows those it has)`);
}

function statusText(status: DaemonStatus): string {
  const lines = [
    `netscribe ${status.version}, process ${status.pid}, up ${span(status.uptimeSeconds)}, last write-out ${status.lastWriteout ?? 'not yet'}`,
    '',
  ];
  const rows = [['interface', 'state', 'received', 'dropped', 'flows', 'bytes in', 'bytes out', '']];
  for (const [name, iface] of Object.entries(status.interfaces)) {
    rows.push([
      name,
      iface.state,
      grouped(iface.received_total),
      grouped(iface.dropped_total),
      grouped(iface.flows),
      siBytes(iface.totals.bytesRcvd),
      siBytes(iface.totals.bytesSent),
      iface.error,
    ]);
  }
  lines.push(...table(rows));
  if (status.fault !== null)
    lines.push(`nothing is captured: the capture thread is being started again after a fault: ${status.fault}`);
  else if (rows.length === 1) lines.push('no interfaces are captured');
  if (status.flowSource?.used === 'tcpdump') lines.push('', `tcpdump captures: ${status.flowSource.why}`);
  if (status.flowSource?.used === 'tcx') lines.push('', `flows are counted by the kernel: ${status.flowSource.why}`);
  if (status.engine !== null) {
    const records = Object.entries(status.engine.records).filter(([, n]) => n > 0);
    lines.push('', `${grouped(status.engine.packets)} packets, ${grouped(status.engine.flows)} open flows`);
    if (records.length > 0) lines.push(records.map(([name, n]) => `${name} ${grouped(n)}`).join(', '));
  }
  for (const { name, rows: taken, error, lostRows } of status.sinks) {
    const lost = Number(lostRows ?? 0) > 0 ? `, ${grouped(Number(lostRows))} lost` : '';
    lines.push(`${name}: ${grouped(taken)} rows${lost}${error === '' ? '' : `, ill: ${error}`}`);
  }
  if (status.restarts > 0) lines.push(`the capture thread was started again ${status.restarts} times`);
  return `${lines.join('\n')}\n`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i < 2 || i === row.length - 1 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}
