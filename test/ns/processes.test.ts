// Whose process an end of a flow is, of real traffic on loopback: by the command line, and by a daemon that gives up its privileges.

import { chmodSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces, type Program } from '../kit/namespace.ts';
import { unless } from '../kit/unless.ts';

let kit: DaemonKit;
let talk: Program | undefined;
afterEach(async () => {
  talk?.child.stdin?.end();
  await talk?.end();
  await kit.remove();
});

interface Told {
  process?: { pid: number; name: string; executable: string; args?: string[]; start: string; parent: { pid: number } };
  source: { process?: { pid: number; name: string } };
  destination: { process?: { pid: number } };
}
const documentsOf = (text: string): Told[] =>
  text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line.includes('"dataset":"http"'))
    .map((line) => JSON.parse(line));

async function talking(): Promise<number> {
  talk = kit.ns.script('talk-http.ts');
  await talk.until(() => talk!.out.includes('\n'));
  return Number(talk.out);
}

unless(noNamespaces).describe('processes', () => {
  test('are told by netscribe capture --processes', async () => {
    kit = new DaemonKit();
    const pid = await talking();
    const capture = kit.ns.netscribe(['capture', '-i', 'lo', '--processes', '--records', 'http', '--json', '-q']);
    await capture.until(() => documentsOf(capture.out).some(({ process }) => process !== undefined));
    const { code, out } = await capture.interrupt();
    expect(code).toBe(0);
    const [told] = documentsOf(out).filter(({ process }) => process !== undefined);
    expect(told).toMatchObject({
      process: { pid, name: 'node', executable: process.execPath },
      source: { process: { pid } },
      destination: { process: { pid } },
    });
    expect(told.process!.args).toBeUndefined();
    expect(Date.parse(told.process!.start)).toBeGreaterThan(Date.now() - 3_600_000);
  });

  test('are told by a daemon that is nobody, of processes of root', async () => {
    kit = new DaemonKit();
    chmodSync(kit.folder, 0o777);
    const places = join(kit.folder, 'documents');
    kit.config = {
      ...kit.config,
      capture: { interfaces: { lo: null }, records: ['http'], user: 'nobody' },
      procs: { enabled: true, args: true, monitored: [{ process: 'talker', cmdline_grep: 'talk-http.ts' }] },
      store: { enabled: false, directory: kit.store },
      to: [`ndjson:${places}`],
    };
    const pid = await talking();
    await kit.start();
    const documents = () => globSync(`${places}/*`).flatMap((file) => documentsOf(readFileSync(file, 'utf8')));
    await kit.until(() => documents().some((one) => one.process !== undefined));
    const told = documents().find((one) => one.process !== undefined)!;
    expect(told.process).toMatchObject({ pid, name: 'talker' });
    expect(told.process!.args!.at(-1)).toMatch(/talk-http\.ts$/);
  });

  test('are told of clients that live for moments', async () => {
    kit = new DaemonKit();
    kit.config = {
      ...kit.config,
      capture: { interfaces: { lo: null }, records: ['flow'] },
      procs: { enabled: true },
      // Closed connections stay among the open flows.
      tcp: { linger: '1h' },
    };
    await talking();
    await kit.start();
    expect(kit.program!.err).not.toContain('processes:');
    const client = 'exec 3<>/dev/tcp/127.0.0.1/8080; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; read -u 3 line; echo $$';
    const pids = Array.from({ length: 20 }, () => Number(kit.ns.run('bash', '-c', client)));
    const told = async () => {
      const { flows } = JSON.parse((await kit.ask('GET', '/api/flows/live?limit=1000')).text) as { flows: Told[] };
      return flows.map(({ source }) => source.process);
    };
    await kit.until(async () => {
      const seen = await told();
      return pids.every((pid) => seen.some((one) => one?.pid === pid));
    });
    expect((await told()).filter((one) => pids.includes(one?.pid ?? 0)).map((one) => one?.name)).toEqual(
      pids.map(() => 'bash'),
    );
  });

  test('switched on when privileges are gone are told of its own user alone, which is said', async () => {
    kit = new DaemonKit();
    chmodSync(kit.folder, 0o777);
    const protocols = { http: { monitor_processes: true } };
    kit.config = { ...kit.config, capture: { interfaces: { lo: null }, user: 'nobody' }, protocols };
    const program = await kit.start();
    const idle = 'protocols.http.monitor_processes: nothing comes of it unless procs.enabled is true';
    expect(program.err).toContain(idle);
    kit.config = { ...kit.config, procs: { enabled: true } };
    kit.writeConfig();
    const said = await kit.command(
      'config',
      'reload',
      '--api',
      `unix:${kit.folder}/api`,
      '--token',
      `${kit.store}/api.token`,
    );
    expect(said).toMatch(/^procs\.enabled: false → true$/m);
    expect(said).toMatch(/^only processes of the user nobody are seen: CAP_SYS_PTRACE and .* at the next start$/m);
    expect(said).toMatch(
      /^who makes connections is seen when they last some tenths of a second: .* at the next start$/m,
    );
    expect(said).not.toContain(idle);
  });
});
