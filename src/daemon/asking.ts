// Questions to another thread and its answers. Both sides live on when a question fails.

export interface Question<Request> {
  id: number;
  request: Request;
}
export type Reply =
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'refusal'; id: number; name: string; message: string };

/** The other thread said no: the request can not be meant so, or it failed. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** Nobody can answer now; later somebody may. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
  readonly retryAfterSeconds: number;
  constructor(message: string, retryAfterSeconds: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export class Asker<Request extends { kind: string }, Answers extends Record<Request['kind'], unknown>> {
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  /** Rejects with a RefusedError. */
  ask<Kind extends Request['kind']>(
    port: { postMessage(question: Question<Request>): void },
    request: Extract<Request, { kind: Kind }>,
  ): Promise<Answers[Kind]> {
    const answer = Promise.withResolvers<unknown>();
    const id = ++this.#last;
    this.#waiting.set(id, answer);
    port.postMessage({ id, request });
    return answer.promise as Promise<Answers[Kind]>;
  }

  hear(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === 'answer') waiting?.resolve(reply.value);
    else waiting?.reject(new RefusedError(reply.message, reply.name));
  }

  /** Nobody answers any more. */
  end(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new RefusedError(why, 'ended'));
    this.#waiting.clear();
  }
}

/** The reply to a question, whatever comes of it. */
export function replyTo(id: number, value: Promise<unknown>): Promise<Reply> {
  return value.then(
    (answer) => ({ kind: 'answer', id, value: answer }),
    ({ name, message }: Error) => ({ kind: 'refusal', id, name, message }),
  );
}
