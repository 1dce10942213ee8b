import { EventEmitter } from 'node:events';
import { type Client, status } from '@grpc/grpc-js';
import type { AgentIdentity } from '../../agent/identity/identity.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import { type Course, Way } from './way.ts';

/** Messages that a peer has not read yet; then the sender is held back, as HTTP/2 does. */
const window = 32;
/** After so long without an answer to its pings, either side takes the connection for lost (common/grpc/liveness.ts). */
const pingMs = 20_000;

type Bytes = Uint8Array;

/** How one RPC of the controller is called: its handler, with the types of the wire. */
export interface SimulatedMethod {
  readonly path: string;
  readonly deserialize: (bytes: Buffer) => unknown;
  readonly serialize: (message: never) => Buffer;
  readonly handle: (call: never) => void;
}

/** Who answers at the controller's end just now. */
export interface Listener {
  readonly life: Life;
  readonly methods: readonly SimulatedMethod[];
}

/** Between one node's machine and the controller's. */
export class Link {
  readonly timeline: Timeline;
  readonly toController: Way;
  readonly toNode: Way;
  readonly streams = new Set<Stream>();
  listener: () => Listener | undefined = () => undefined;
  /** The most messages that ever waited for a peer. */
  mostWaiting = 0;
  /** When the controller says something. */
  onResponse: (path: string, bytes: Bytes) => void = () => undefined;

  constructor(timeline: Timeline, random: Random) {
    this.timeline = timeline;
    this.toController = new Way(timeline, random);
    this.toNode = new Way(timeline, random);
  }

  get blocked(): boolean {
    return this.toController.blocked || this.toNode.blocked;
  }

  block(...ways: readonly Way[]): void {
    for (const way of ways) way.block();
    const open = [...this.streams];
    this.timeline.after(pingMs, () => {
      if (this.blocked) for (const stream of open) stream.lose();
    });
  }

  open(): void {
    for (const way of [this.toController, this.toNode]) if (way.blocked) way.open();
  }

  /** The node's process is gone: its machine ends its connections, unless it has no power. */
  nodeGone(powerless: boolean): void {
    for (const stream of [...this.streams]) stream.clientGone(powerless);
  }

  controllerGone(): void {
    for (const stream of [...this.streams]) stream.serverGone();
  }

  /** A grpc-js client, as far as the agent uses one. */
  dial(identity: AgentIdentity, der: Uint8Array, life: Life): Client {
    const client = {
      makeBidiStreamRequest: (
        path: string,
        serialize: (message: never) => Buffer,
        deserialize: (bytes: Buffer) => unknown,
      ) => {
        const stream = new Stream(this, { identity, der, life, path, serialize, deserialize });
        stream.open();
        return stream.client;
      },
      close: () => undefined,
    };
    return client as unknown as Client;
  }
}

interface StreamOptions {
  readonly identity: AgentIdentity;
  readonly der: Uint8Array;
  readonly life: Life;
  readonly path: string;
  readonly serialize: (message: never) => Buffer;
  readonly deserialize: (bytes: Buffer) => unknown;
}

interface Outcome {
  readonly code: number;
  readonly details: string;
}

/** One bidirectional stream: both its ends, with bytes between them. */
class Stream {
  readonly link: Link;
  readonly options: StreamOptions;
  readonly client: ClientEnd;
  readonly up: Course = { lastAt: 0 };
  readonly down: Course = { lastAt: 0 };
  server: ServerEnd | undefined;
  method: SimulatedMethod | undefined;
  serverLife: Life | undefined;

  constructor(link: Link, options: StreamOptions) {
    this.link = link;
    this.options = options;
    this.client = new ClientEnd(this);
    link.streams.add(this);
  }

  open(): void {
    const { toController, timeline } = this.link;
    const listener = this.link.listener();
    toController.control(this.up, () => {
      if (this.client.over) return;
      const now = this.link.listener();
      const method = now?.methods.find(({ path }) => path === this.options.path);
      // Who was not there when it was dialled, or is another one now.
      if (!now || !method || now !== listener) return this.fail('nobody listens');
      this.method = method;
      this.serverLife = now.life;
      this.server = new ServerEnd(this);
      method.handle(this.server as never);
    });
    if (this.link.blocked) timeline.after(pingMs, () => this.link.blocked && this.lose());
  }

  /** Tells the node why it is over. */
  fail(details: string, code: number = status.UNAVAILABLE): void {
    this.link.toNode.control(this.down, () => this.client.finish({ code, details }));
  }

  /** Neither side gets an answer to its pings. */
  lose(): void {
    this.client.finish({ code: status.UNAVAILABLE, details: 'keepalive timeout' });
    this.server?.cancelled();
    this.link.streams.delete(this);
  }

  clientGone(powerless: boolean): void {
    this.client.over = true;
    if (powerless) this.link.timeline.after(pingMs, () => this.lose());
    else this.link.toController.control(this.up, () => this.server?.cancelled());
  }

  serverGone(): void {
    if (this.server) this.server.over = true;
    this.fail('connection reset');
  }

  /** Both ends are done with it. */
  get closed(): boolean {
    return this.client.over && (this.server?.over ?? true);
  }
}

/** What both ends have: messages that came and wait to be read, and room for those that go. */
abstract class End extends EventEmitter {
  readonly stream: Stream;
  readonly #arrived: (() => void)[] = [];
  #paused = false;
  #under = 0;
  over = false;
  writableNeedDrain = false;

  constructor(stream: Stream) {
    super();
    this.stream = stream;
  }

  abstract get alive(): boolean;

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#pump();
  }

  protected arrive(action: () => void): void {
    this.#arrived.push(action);
    this.#pump();
  }

  protected depart(): boolean {
    this.#under += 1;
    const { link } = this.stream;
    link.mostWaiting = Math.max(link.mostWaiting, this.#under);
    this.writableNeedDrain = this.#under >= window;
    return !this.writableNeedDrain;
  }

  /** One of ours was read, or is lost. */
  protected credit(): void {
    this.#under -= 1;
    if (!this.writableNeedDrain || this.#under >= window) return;
    this.writableNeedDrain = false;
    if (this.alive && !this.over) this.emit('drain');
  }

  #pump(): void {
    while (!this.#paused && this.alive) {
      const action = this.#arrived.shift();
      if (action === undefined) return;
      action();
    }
  }
}

class ClientEnd extends End {
  get alive(): boolean {
    return this.stream.options.life.alive;
  }

  write(message: never): boolean {
    const { stream } = this;
    if (this.over) return true;
    const bytes = Buffer.from(stream.options.serialize(message));
    const credit = () => this.credit();
    stream.link.toController.carry(stream.up, () => stream.server?.take(bytes, credit), credit);
    return this.depart();
  }

  take(bytes: Buffer, credit: () => void): void {
    if (this.over) return;
    this.arrive(() => {
      credit();
      if (!this.over) this.emit('data', this.stream.options.deserialize(bytes));
    });
  }

  cancel(): void {
    if (this.over) return;
    this.over = true;
    const { stream } = this;
    stream.link.toController.control(stream.up, () => stream.server?.cancelled());
    stream.link.timeline.after(0, () => {
      if (this.alive) this.emit('status', { code: status.CANCELLED });
    });
    stream.link.streams.delete(stream);
  }

  /** The controller's last word, behind what it said before; or that of the node's own network. */
  finish({ code, details }: Outcome): void {
    if (this.over) return;
    const end = () => {
      if (this.over) return;
      this.over = true;
      this.stream.link.streams.delete(this.stream);
      if (code === status.OK) this.emit('end');
      else this.emit('error', Object.assign(new Error(details), { code, details }));
      this.emit('status', { code, details });
    };
    if (details === 'keepalive timeout') {
      if (this.alive) end();
    } else this.arrive(end);
  }
}

class ServerEnd extends End {
  constructor(stream: Stream) {
    super(stream);
    // As in grpc-js, where its own listener sends the status.
    this.on('error', (outcome: Outcome) => this.#end(outcome));
  }

  get alive(): boolean {
    return this.stream.serverLife?.alive ?? false;
  }

  getPeer(): string {
    return this.stream.options.identity.nodeName;
  }

  getAuthContext() {
    return { sslPeerCertificate: { raw: this.stream.options.der } };
  }

  write(message: never): boolean {
    const { stream } = this;
    if (this.over) return true;
    const bytes = Buffer.from(stream.method?.serialize(message) ?? []);
    stream.link.onResponse(stream.options.path, bytes);
    const credit = () => this.credit();
    stream.link.toNode.carry(stream.down, () => stream.client.take(bytes, credit), credit);
    return this.depart();
  }

  end(): void {
    this.#end({ code: status.OK, details: '' });
  }

  take(bytes: Buffer, credit: () => void): void {
    if (this.over) return;
    this.arrive(() => {
      credit();
      if (!this.over) this.emit('data', this.stream.method?.deserialize(bytes));
    });
  }

  cancelled(): void {
    if (this.over) return;
    this.over = true;
    if (!this.alive) return;
    this.emit('cancelled');
    this.emit('close');
  }

  #end(outcome: Outcome): void {
    if (this.over) return;
    this.over = true;
    const { stream } = this;
    stream.link.toNode.control(stream.down, () => stream.client.finish(outcome));
    stream.link.timeline.after(1, () => {
      if (!this.alive) return;
      this.emit('finish');
      this.emit('close');
    });
  }
}
