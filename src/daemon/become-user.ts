// From root to somebody who may do nothing but read what is captured.

import { readFileSync } from 'node:fs';
import { UsageError } from '../config/usage-error.ts';

/** Throws a UsageError for a user that is not there. For the whole process; what a thread keeps of capabilities is its own business. */
export function becomeUser(name: string): void {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((each) => each.split(':'))
    .find(([user, , uid]) => user === name || uid === name);
  if (line === undefined)
    throw new UsageError(
      `capture.user: there is no user '${name}'; make one (adduser --system --group ${name}) or name another`,
    );
  const [user, , uid, gid] = line;
  (process as unknown as { initgroups(user: string, group: number): void }).initgroups(user, Number(gid));
  process.setgid!(Number(gid));
  process.setuid!(Number(uid));
}
