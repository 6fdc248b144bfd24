// From a cgroup's number to its path, and from the path to the container: runtimes put a container's 64-digit id into the name
// (docker-<id>.scope, cri-containerd-<id>.scope, crio-<id>, libpod-<id>, or the id alone).

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Place {
  /** Path below the root of the cgroup tree: `/system.slice/docker-….scope`. */
  path: string;
  container: string | undefined;
}

const CONTAINER_ID = /(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:\/|$)/;
/** The tree is walked again for an unknown cgroup, but not more often than this. */
const WALK_MS = 1000;
const MAX_CGROUPS = 65_536;

export class Containers {
  readonly #root: string | undefined;
  #places = new Map<number, Place>();
  /** What was sought and is gone. */
  readonly #absent = new Set<number>();
  #walkedMs = Number.NEGATIVE_INFINITY;

  /** `root`: where the cgroup (v2) tree is mounted. */
  constructor(root = mountPoint()) {
    this.#root = root;
  }

  /** undefined: there is no such cgroup any more, or none that we may see. */
  of(cgroup: number): Place | undefined {
    const known = this.#places.get(cgroup);
    if (known !== undefined) return known;
    const nowMs = performance.now();
    if (this.#root === undefined || nowMs - this.#walkedMs < WALK_MS) return undefined;
    this.#walkedMs = nowMs;
    this.#walk(this.#root);
    return this.#places.get(cgroup);
  }

  /** Whether a cgroup is another one or inside of it. */
  contains(outer: number, inner: number): boolean {
    if (outer === inner) return true;
    const around = this.#sought(outer)?.path;
    const path = this.#sought(inner)?.path;
    if (around === undefined || path === undefined) return false;
    return around === '/' || path.startsWith(`${around}/`);
  }

  /** Unlike `of` it does not wait with the walk: what depends on it is left out otherwise. Once for each cgroup that is not there. */
  #sought(cgroup: number): Place | undefined {
    const known = this.#places.get(cgroup);
    if (known !== undefined || this.#root === undefined || this.#absent.has(cgroup)) return known;
    this.#walkedMs = performance.now();
    this.#walk(this.#root);
    if (this.#absent.size >= MAX_CGROUPS) this.#absent.clear();
    if (!this.#places.has(cgroup)) this.#absent.add(cgroup);
    return this.#places.get(cgroup);
  }

  #walk(root: string): void {
    // Those that went stay known: their last events are still to come.
    if (this.#places.size > MAX_CGROUPS) this.#places = new Map();
    const waiting = [''];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      try {
        const { ino } = statSync(join(root, path));
        const shown = path === '' ? '/' : path;
        this.#places.set(ino, { path: shown, container: CONTAINER_ID.exec(shown)?.[1] });
        for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
          if (entry.isDirectory()) waiting.push(`${path}/${entry.name}`);
        }
      } catch {
        // Gone meanwhile, or not ours to see.
      }
    }
  }
}

/** Where cgroup2 is mounted; undefined when it is not. */
export function mountPoint(mounts = '/proc/self/mounts'): string | undefined {
  try {
    const line = readFileSync(mounts, 'utf8')
      .split('\n')
      .find((text) => text.split(' ')[2] === 'cgroup2');
    return line?.split(' ')[1].replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
  } catch {
    return undefined;
  }
}
