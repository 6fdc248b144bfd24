// A real Prometheus scrapes a daemon with the example's configuration and answers questions about it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces } from '../kit/namespace.ts';
import { udpFrame } from '../kit/packets.ts';
import { PROJECT } from '../kit/shared.ts';
import { unless } from '../kit/unless.ts';

const noPrometheus = spawnSync('prometheus', ['--version']).status === 0 ? '' : 'prometheus is not installed here';

unless(noNamespaces || noPrometheus).test('Prometheus scrapes and answers', async () => {
  const kit = new DaemonKit({ api: { address: '127.0.0.1:8145' } });
  let prometheus: ChildProcess | undefined;
  try {
    kit.writeConfig();
    kit.program = kit.ns.netscribe(['run', '-c', kit.file]);
    await kit.program.until(() => kit.program!.err.includes('the API is at'));
    await kit.send([udpFrame(1, 2), udpFrame(3, 4)]);
    const config = readFileSync(`${PROJECT}examples/prometheus.yml`, 'utf8')
      .replace('/var/lib/netscribe/api.token', join(kit.store, 'api.token'))
      .replace('scrape_interval: 15s', 'scrape_interval: 1s');
    const file = join(kit.folder, 'prometheus.yml');
    writeFileSync(file, config);
    mkdirSync(join(kit.folder, 'prometheus'));
    prometheus = spawn(
      'ip',
      [
        ...['netns', 'exec', kit.ns.name, 'prometheus', `--config.file=${file}`],
        `--storage.tsdb.path=${join(kit.folder, 'prometheus')}`,
        '--web.listen-address=127.0.0.1:9099',
      ],
      { stdio: 'ignore' },
    );
    const query = encodeURIComponent('netscribe_capture_packets_processed_total{iface="b"}');
    const ask = `fetch('http://127.0.0.1:9099/api/v1/query?query=${query}').then((r) => r.text()).then(console.log, () => {})`;
    let value = '';
    while (value !== '2') {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const text = kit.ns.run(process.execPath, '-e', ask);
      value = text.trim() === '' ? '' : (JSON.parse(text).data.result[0]?.value[1] ?? '');
    }
    expect(value).toBe('2');
  } finally {
    prometheus?.kill('SIGKILL');
    await kit.remove();
  }
});
