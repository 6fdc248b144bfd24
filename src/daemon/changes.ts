// What of a configuration has changed, and which of it a running daemon can follow.

import { PROTOCOLS } from '../protocols/registry.ts';

type Settings = Record<string, unknown>;

export interface Change {
  /** `flows.interval` */
  path: string;
  before: unknown;
  after: unknown;
}
/** A change that takes effect at the next start, and why. */
export interface LaterChange extends Change {
  reason: string;
}

/** What is settled when the daemon starts. */
const LATER: readonly [path: RegExp, reason: string][] = [
  [/^workers$/, 'the capturing threads are there from the start'],
  [/^flows\.kernel_entries$/, "the kernel's maps are made at the start"],
  [/^capture\.(user|flow_source)$/, 'privileges were given up at the start'],
  [/^store\.(enabled|directory)$/, 'the store is open'],
  [/^api\.(enabled|address|tls)$/, 'the API listens, or does not'],
  [/^api\.(metrics|disable_iface_metrics)$/, 'figures are kept from the start'],
  [/^procs\.event$/, 'its source was opened with privileges that were given up'],
  [/^tcp_state\b/, 'its source was opened with privileges that were given up'],
];
/** What `enabled`, `updated`, `disabled` tell already. */
const TOLD = /^capture\.(interfaces|autodetection)\b/;

export function compareSettings(before: Settings, after: Settings): { now: Change[]; later: LaterChange[] } {
  const changes: Change[] = [];
  compare(withProtocols(before), withProtocols(after), '', changes);
  const now: Change[] = [];
  const later: LaterChange[] = [];
  for (const change of changes) {
    const reason = LATER.find(([path]) => path.test(change.path))?.[1];
    if (reason !== undefined) later.push({ ...change, reason });
    else if (!TOLD.test(change.path)) now.push(change);
  }
  return { now, later };
}

/** `settings` with what takes effect later as it was before. */
export function withoutLater(settings: Settings, later: readonly LaterChange[]): Settings {
  const kept = structuredClone(settings);
  for (const { path, before } of later) {
    const names = path.split('.');
    const last = names.pop()!;
    let at = kept;
    for (const name of names) at = (at[name] ??= {}) as Settings;
    if (before === undefined) delete at[last];
    else at[last] = before;
  }
  return kept;
}

/** A change in a line. Passwords in addresses are left out. */
export function changeText({ path, before, after }: Change): string {
  return `${path}: ${valueText(before)} → ${valueText(after)}`;
}

function valueText(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ');
  if (typeof value === 'object') return masked(JSON.stringify(value));
  return masked(String(value));
}

function masked(text: string): string {
  return text.replace(/(:\/\/[^:/@\s]*):[^@/\s]*@/g, '$1:***@');
}

/** Options that nobody gave are those that the protocol has by itself. */
function withProtocols(settings: Settings): Settings {
  const given = (settings.protocols ?? {}) as Settings;
  const protocols = PROTOCOLS.map(({ name, options }) => [name, options.parse(given[name] ?? {})]);
  return { ...settings, protocols: Object.fromEntries(protocols) };
}

function compare(before: unknown, after: unknown, path: string, changes: Change[]): void {
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(before[key], after[key], path === '' ? key : `${path}.${key}`, changes);
  } else if (JSON.stringify(before) !== JSON.stringify(after)) changes.push({ path, before, after });
}

function isRecord(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
