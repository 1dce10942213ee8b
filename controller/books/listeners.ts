export class Listeners<Arguments extends unknown[]> {
  readonly #all = new Set<(...values: Arguments) => void>();

  add(listener: (...values: Arguments) => void): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  call(...values: Arguments): void {
    for (const listener of this.#all) listener(...values);
  }
}
