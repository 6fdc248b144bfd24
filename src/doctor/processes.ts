// What it takes to tell whose process an end of a flow is.

import { SEES_ALL } from '../processors/process-watch.ts';
import { openTcpSocketList } from '../processors/tcp-socket-list.ts';
import { missingCapabilities } from '../system/privileges.ts';
import type { Check } from './check.ts';

export const processesCheck: Check = {
  name: 'processes',
  does: 'procs.enabled, netscribe capture --processes: whose process an end of a flow is',
  async run() {
    const missing = missingCapabilities(SEES_ALL).map((name) => `CAP_${name.toUpperCase()}`);
    if (missing.length > 0)
      return { ok: false, found: 'processes of this user alone', missing: `${missing.join(' and ')}, or root` };
    const list = await openTcpSocketList();
    list.close();
    return { ok: true, found: `processes of all users; sockets by ${list.source === 'netlink' ? 'netlink' : '/proc'}` };
  },
};
