// Whose process an end of a flow is, on this machine: the fields that ECS has for it and Packetbeat fills in (`procs`).

import { type FieldBuilder, f, type Kind } from './field.ts';

/** A process of this machine; undefined: not known. */
export interface Process {
  readonly pid: number | undefined;
  readonly name: string | undefined;
  readonly executable: string | undefined;
  readonly args: readonly string[] | undefined;
  /** RFC 3339, UTC. */
  readonly start: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly parentPid: number | undefined;
}

const FIELDS: Readonly<
  Record<keyof Process, readonly [string, (paths: readonly string[], whose: string) => FieldBuilder<Kind, boolean>]>
> = {
  pid: ['pid', (paths, whose) => f.int(paths, `process of ${whose}`)],
  name: ['name', (paths, whose) => f.keyword(paths, `name of the process of ${whose}`)],
  executable: ['executable', (paths, whose) => f.keyword(paths, `program that the process of ${whose} runs`)],
  args: ['args', (paths, whose) => f.keywords(paths, `words it was started with, with procs.args: of ${whose}`)],
  start: ['start', (paths, whose) => f.keyword(paths, `when the process of ${whose} began`)],
  workingDirectory: ['working_directory', (paths, whose) => f.keyword(paths, `where the process of ${whose} is`)],
  parentPid: ['parent.pid', (paths, whose) => f.int(paths, `parent of the process of ${whose}`)],
};
const PROPERTIES = Object.keys(FIELDS) as (keyof Process)[];

/** Of an end that is not on this machine, or whose socket nobody saw. */
export const NOBODY = Object.fromEntries(PROPERTIES.map((property) => [property, undefined])) as unknown as Process;

/** The fields below `paths`; flows have the process as `property`. As in `placeOf`, they are no properties of record objects. */
export function processOf(property: string, paths: readonly string[], whose: string): Record<never, never> {
  return Object.fromEntries(
    PROPERTIES.map((name) => {
      const [path, make] = FIELDS[name];
      const all = paths.map((before) => `${before}.${path}`);
      const own = `${property}${name[0].toUpperCase()}${name.slice(1)}`;
      return [own, make(all, whose).optional().enrichedBy('process').ofFlow(`${property}.${name}`)];
    }),
  );
}
