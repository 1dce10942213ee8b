import { fromBinary } from '@bufbuild/protobuf';
import { parseDelta, parseSettings } from '../../../agent/south/wire.ts';
import { ReportRequestSchema } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import type { Booking } from '../../../controller/south/ports.ts';
import { Rig as AgentRig } from '../agent/rig.ts';
import type { Rig as BooksRig, TestNode } from '../books/rig.ts';

export interface Carried {
  readonly id: string;
  readonly address4: string;
  readonly address6: string;
}

/** An agent's core on a kernel in memory, served by real books: what one says is handed to the other, as it is on the wire. */
export class ServedNode {
  readonly agent: AgentRig;
  readonly #books: BooksRig;
  readonly #node: TestNode;

  private constructor(agent: AgentRig, books: BooksRig, node: TestNode) {
    this.agent = agent;
    this.#books = books;
    this.#node = node;
  }

  static async enrol(books: BooksRig, name: string, directory: string): Promise<ServedNode> {
    const served = new ServedNode(new AgentRig(directory), books, await books.node(name));
    await served.hear();
    return served;
  }

  /** Takes what the books want of this node. */
  async hear(): Promise<void> {
    const { inbox } = this.agent;
    const { desired } = this.#books.books;
    const { identity } = this.#node;
    const settings = parseSettings(await desired.settings(identity.nodeId));
    const { deltas, revision } = await desired.since(identity, inbox.revision());
    inbox.settings(settings);
    inbox.heard(false);
    const batch = deltas.map((delta) => parseDelta(delta, settings).delta);
    const answer = inbox.apply(batch, revision);
    await this.agent.run({ reading: false });
    await answer;
    inbox.heard(true);
  }

  /** Sends the report that is under way, if any. @throws what `book` throws: it stays under way then */
  async report(book: Booking['book'] = this.#books.books.booking.book): Promise<void> {
    const pending = this.agent.inbox.next();
    if (!pending) return;
    const { number, bytes } = pending;
    await book(this.#node.identity, fromBinary(ReportRequestSchema, bytes), bytes);
    this.agent.inbox.acknowledged(number);
  }

  /** All that there is to say, and all that comes of it. Usage that nobody waits for is said every 5 s. */
  async settle(): Promise<void> {
    for (let count = 0; count < 4; count += 1) {
      await this.agent.beat(5000);
      await this.report();
      await this.hear();
    }
  }

  /**
   * So many packets of 1000 bytes of a device, up and down by IPv4, then by IPv6, in turn. Gives the bytes that passed; who
   * is refused is seen to knock.
   */
  carry({ id, address4, address6 }: Carried, packets: number): bigint {
    let passed = 0n;
    for (let count = 0; count < packets; count += 1) {
      const direction = count % 2 === 0 ? 'upload' : 'download';
      if (this.agent.gate.carry(direction, count % 4 < 2 ? address4 : address6, 1000n)) passed += 1000n;
    }
    if (passed < BigInt(packets) * 1000n) this.agent.inbox.knock([id]);
    return passed;
  }
}
