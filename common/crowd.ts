import type { Socket } from 'node:net';
import type { CrowdLimits } from './listener-limits.ts';
import { networkOf } from './network-of.ts';

interface Member {
  readonly socket: Socket;
  readonly peer: string;
  readonly network: string;
  /** What shows who it is: streams of a node, a request with a key. */
  shown: number;
}

/**
 * The connections of one listener. Where there is no room left, whoever is a stranger for longest makes way: first one
 * of the same network, then one of the network with most strangers. So who only connects, and waits, keeps nobody out
 * who comes to do something; and a connection of somebody known never makes way.
 */
export class Crowd {
  readonly #limits: CrowdLimits;
  readonly #onCount: (count: number) => void;
  readonly #members = new Map<string, Member>();
  readonly #byNetwork = new Map<string, number>();
  /** By network, in the order in which they came. */
  readonly #strangers = new Map<string, Set<Member>>();
  #strangerCount = 0;

  constructor(limits: CrowdLimits, onCount: (count: number) => void = () => undefined) {
    this.#limits = limits;
    this.#onCount = onCount;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Takes a connection in, or ends it: false when there is no room for it. */
  enter(socket: Socket): boolean {
    const network = networkOf(socket.remoteAddress ?? '');
    if (!this.#makeRoom(network)) {
      socket.destroy();
      return false;
    }
    const member = { socket, peer: peerOf(socket), network, shown: 0 };
    this.#members.set(member.peer, member);
    this.#byNetwork.set(network, (this.#byNetwork.get(network) ?? 0) + 1);
    this.#stranger(member);
    this.#onCount(this.size);
    socket.once('close', () => this.#leave(member));
    return true;
  }

  /**
   * Somebody has shown who he is; a stranger again once what is returned is called. `peer`: address and port, as grpc-js
   * writes them.
   */
  know(peer: string): () => void {
    const member = this.#members.get(peer);
    if (member === undefined) return () => undefined;
    if (member.shown === 0) this.#noStranger(member);
    member.shown += 1;
    return () => {
      member.shown -= 1;
      if (member.shown === 0 && this.#members.get(peer) === member) this.#stranger(member);
    };
  }

  /** Ends one connection at once. */
  cutOff(peer: string): void {
    const member = this.#members.get(peer);
    if (member) this.#end(member);
  }

  /** The same, unless somebody known is there by now. */
  cutOffStranger(peer: string): void {
    const member = this.#members.get(peer);
    if (member?.shown === 0) this.#end(member);
  }

  endAll(): void {
    for (const member of [...this.#members.values()]) this.#end(member);
  }

  #makeRoom(network: string): boolean {
    const { connections, perNetwork, strangers } = this.#limits;
    if ((this.#byNetwork.get(network) ?? 0) >= perNetwork) return this.#dropStranger(network);
    if (this.size < connections && this.#strangerCount < strangers) return true;
    return this.#dropStranger(this.#mostStrangers());
  }

  #mostStrangers(): string | undefined {
    let most: string | undefined;
    let count = 0;
    for (const [network, { size }] of this.#strangers) {
      if (size > count) [most, count] = [network, size];
    }
    return most;
  }

  #dropStranger(network: string | undefined): boolean {
    const [oldest] = this.#strangers.get(network ?? '') ?? [];
    if (oldest === undefined) return false;
    this.#end(oldest);
    return true;
  }

  #end(member: Member): void {
    member.socket.destroy();
    // Before its close is told: there must be room at once.
    this.#leave(member);
  }

  #leave(member: Member): void {
    if (this.#members.get(member.peer) !== member) return;
    this.#members.delete(member.peer);
    if (member.shown === 0) this.#noStranger(member);
    const left = (this.#byNetwork.get(member.network) ?? 1) - 1;
    if (left === 0) this.#byNetwork.delete(member.network);
    else this.#byNetwork.set(member.network, left);
    this.#onCount(this.size);
  }

  #stranger(member: Member): void {
    const strangers = this.#strangers.get(member.network) ?? new Set();
    this.#strangers.set(member.network, strangers.add(member));
    this.#strangerCount += 1;
  }

  #noStranger(member: Member): void {
    const strangers = this.#strangers.get(member.network);
    strangers?.delete(member);
    if (strangers?.size === 0) this.#strangers.delete(member.network);
    this.#strangerCount -= 1;
  }
}

/** As grpc-js calls a peer. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
