/**
 * So many in a row are no accident. A Hello of an honest node may be late, and be overtaken by reports that were made after it; but it is
 * said only where a connection stands, so few can be on their way at once, and whom it throws out dials anew and says what is true.
 */
const mostInRow = 3;

/**
 * Notices a node that went back to an earlier state, by its Hello: what it says of its last report is less than what was
 * booked. In memory only.
 */
export class EarlierStates {
  readonly #inRow = new Map<string, number>();

  /** True when its state must be an earlier one. `identity`: of node and incarnation. `behind`: it knows less than the books. */
  hello(identity: string, behind: boolean): boolean {
    if (!behind) {
      this.#inRow.delete(identity);
      return false;
    }
    const inRow = (this.#inRow.get(identity) ?? 0) + 1;
    this.#inRow.set(identity, inRow);
    return inRow >= mostInRow;
  }

  /** The identity is over. */
  forget(identity: string): void {
    this.#inRow.delete(identity);
  }
}
