// Which interfaces are meant at the moment: those that were named, or all that are found.

import {
  type Autodetection,
  type CaptureConfig,
  ConfigError,
  checkInterfaces,
  detectInterfaces,
  type Interfaces,
  isPattern,
  MAX_INTERFACES,
  resolveInterfaces,
} from './interface-config.ts';
import type { LinkTable } from './link-table.ts';

export class WantedInterfaces {
  readonly #links: LinkTable | undefined;
  #wanted: { interfaces: Interfaces } | { detection: Autodetection } = { interfaces: {} };

  /** Without links only names can be meant. */
  constructor(links: LinkTable | undefined) {
    this.#links = links;
  }

  /** Exactly these. Throws a ConfigError before anything is changed. */
  name(interfaces: Interfaces): void {
    checkInterfaces(interfaces);
    this.#wanted = { interfaces };
  }

  /** All links but the excluded ones. Throws a ConfigError where the kernel can not be asked for links. */
  detect(detection: Autodetection): void {
    if (this.#links === undefined)
      throw new ConfigError('interfaces can not be detected: the kernel can not be asked for them (koffi is missing)');
    this.#wanted = { detection };
  }

  /** Those of these names no longer. Where interfaces are detected a name that is there is found again. */
  withdraw(names: ReadonlySet<string>): void {
    if ('detection' in this.#wanted) return;
    const left = Object.entries(this.#wanted.interfaces).filter(([name]) => !names.has(name));
    this.#wanted = { interfaces: Object.fromEntries(left) };
  }

  withdrawAll(): void {
    this.#wanted = { interfaces: {} };
  }

  /** Whether other links can mean other interfaces. */
  get isDynamic(): boolean {
    return 'detection' in this.#wanted || Object.keys(this.#wanted.interfaces).some(isPattern);
  }

  /** With the links that are there now. Throws a ConfigError when they are too many, or can not be known. */
  resolve(): Map<string, CaptureConfig> {
    const wanted = this.#resolve();
    if (wanted.size > MAX_INTERFACES)
      throw new ConfigError(`${wanted.size} interfaces are meant; at most ${MAX_INTERFACES} can be captured`);
    return wanted;
  }

  #resolve(): Map<string, CaptureConfig> {
    const links = this.#links?.list().map(({ name }) => name) ?? [];
    if ('detection' in this.#wanted) return detectInterfaces(this.#wanted.detection, links);
    if (this.#links === undefined && Object.keys(this.#wanted.interfaces).some(isPattern))
      throw new ConfigError(
        'patterns can not be resolved: the kernel can not be asked for its links (koffi is missing)',
      );
    return resolveInterfaces(this.#wanted.interfaces, links);
  }
}
