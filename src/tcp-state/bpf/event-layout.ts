// Offsets of `struct event` in bpf/tcp.bpf.c. Little-endian, like all machines that we run on.

export const EVENT_BYTES = 200;

export const AT = {
  time: 0,
  cookie: 8,
  cgroup: 16,
  received: 24,
  sent: 32,
  inState: 40,
  lifetime: 48,
  kind: 56,
  oldState: 57,
  newState: 58,
  role: 59,
  family: 60,
  localPort: 62,
  remotePort: 64,
  error: 66,
  cpuPid: 68,
  ownerPid: 72,
  uid: 76,
  gid: 80,
  inode: 84,
  netns: 88,
  srttUs: 92,
  minRttUs: 96,
  retransmits: 100,
  segmentsIn: 104,
  segmentsOut: 108,
  reason: 112,
  interface: 116,
  mark: 120,
  protocol: 124,
  attribution: 126,
  socketState: 127,
  local: 132,
  remote: 148,
  cpuCommand: 164,
  ownerCommand: 180,
} as const;

/** `enum kind`, `enum role`, `enum attribution` */
export const KIND_NAMES = [
  undefined,
  'state',
  'retransmit',
  'synack-retransmit',
  'reset-sent',
  'reset-received',
  'error',
  'snapshot',
] as const;
export const ROLE_NAMES = ['unknown', 'client', 'server'] as const;
export const ATTRIBUTION_NAMES = ['none', 'connect', 'listen', 'close', 'descriptor'] as const;
