/** A source that can not go on, where another one of the same name can begin at once. */
export class OpenAnewError extends Error {
  override readonly name = 'OpenAnewError';
}
