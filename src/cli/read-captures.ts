// Captures read for one question: into a store of their own that is gone after the answer.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../config/load.ts';
import { makePlan } from '../engine/plan.ts';
import { run } from '../engine/run.ts';
import type { RecordType } from '../records/record.ts';
import { reasonOf } from '../sinks/output.ts';
import { SinkError } from '../sinks/sink.ts';
import { StoreSink } from '../sinks/store.ts';
import { openInputs } from '../sources/open.ts';
import { damageText } from './damage-text.ts';
import { EXIT_DAMAGED, EXIT_OK } from './exit.ts';

export interface TemporaryStore {
  readonly directory: string;
  /** What reading came to: 3 where a capture is damaged. */
  readonly code: number;
  remove(): void;
}

export interface Needs {
  /** Flows of different interfaces are different flows, so that each interface has its own sums. */
  interfaces: boolean;
  /** Flows say which protocol they carry. That takes a look into all of them, as when every record is asked for. */
  protocols: boolean;
}

export async function readCaptures(
  files: readonly string[],
  types: readonly RecordType[],
  needs: Needs,
): Promise<TemporaryStore> {
  const directory = temporaryFolder();
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    const config = loadConfig(undefined, [`flows.by_interface=${needs.interfaces}`]);
    const plan = makePlan({
      ...config.plan,
      ...(needs.protocols ? {} : { records: types.map((type) => type.name) }),
      inputs: files,
    });
    const source = openInputs([...files], {});
    const result = await run(source, [new StoreSink(directory, { sync: false })], plan);
    let code = EXIT_OK;
    for (const damage of result.stats.damaged) {
      process.stderr.write(`netscribe: ${damageText(damage)}; everything before it was read\n`);
      code = EXIT_DAMAGED;
    }
    return { directory, code, remove };
  } catch (error) {
    remove();
    if (error instanceof SinkError) throw new SinkError(`${error.message.split(';')[0]}; ${ELSEWHERE}`);
    throw error;
  }
}

/** Nobody who asks files has named this folder. */
const ELSEWHERE = 'answers about files are prepared there: set TMPDIR to a folder with room';

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'netscribe-query-'));
  } catch (error) {
    throw new SinkError(`cannot make a folder in ${tmpdir()}: ${reasonOf(error)}; ${ELSEWHERE}`);
  }
}
