import { allowancePerAddress } from '../../common/allowance.ts';
import type { Bell, GateFrame } from './model.ts';
import {
  bellObject,
  checkInterfaceName,
  parseAddress,
  parseRange,
  passMark,
  speedKeys,
  speedMaps,
  tableName,
} from './names.ts';

/** An empty chain whose name tells one table from the next, see {@link renderCreate}. */
export const lifePrefix = 'life_';

/** A script that makes a new, empty table (everything closed), in one transaction with deleting an old one. */
export function renderCreate(frame: GateFrame, tag: string): string {
  return [
    `table inet ${tableName} {}`,
    `delete table inet ${tableName}`,
    `table inet ${tableName} {\n${sets()}\n${chains(frame)}\n}`,
    // A command of its own and last: its kernel handle is then higher than that of any rule. A table that was saved with
    // `nft list ruleset` and loaded again has its chains before its rules, so its handle tells that it is another one.
    `add chain inet ${tableName} ${lifePrefix}${tag}`,
    '',
  ].join('\n');
}

/** A script that brings rules and chains up to the frame in one transaction; sets and what they hold stay. */
export function renderReframe(frame: GateFrame): string {
  return [
    `table inet ${tableName} {\n${sets()}\n}`,
    `flush table inet ${tableName}`,
    `table inet ${tableName} {\n${chains(frame)}\n}`,
    '',
  ].join('\n');
}

// A device that is in no set of those that let pass is closed. Counters are apart from them, so that they outlive it.
// The kernel gives each element of idle4 and idle6 its own quota, as the set says.
// A quota that runs dry is announced by the kernel, so one that nothing depends on serves as a bell.
function sets(): string {
  const allowance = `quota ${allowancePerAddress} bytes;`;
  const bells = (['arrival', 'refusal'] as const).map(
    (bell) => `  quota ${bellObject(bell)} { ${bellBytes[bell]} bytes; }`,
  );
  const families = [4, 6].map(
    (family) => `  set up${family} { type ipv${family}_addr; counter; }
  set down${family} { type ipv${family}_addr; counter; }
  set unlimited${family} { type ipv${family}_addr; flags timeout; }
  set idle${family} { type ipv${family}_addr; flags timeout; ${allowance} }
  set unheard${family} { type ipv${family}_addr; size ${mostUnheard}; flags dynamic; }
  map grant${family} { type ipv${family}_addr : quota; flags timeout; }
${speedKeys.map((key) => `  map ${speedMaps[key]}${family} { type ipv${family}_addr : limit; }`).join('\n')}`,
  );
  return [...bells, ...families].join('\n');
}

/** A set from which packets may delete has room for so many, or for 65,535 when not told. It costs 2 MB of kernel memory. */
const mostUnheard = 262_144;

/** Before a bell rings: keepalives and the like of idle devices are no arrival; whoever is refused is in a hurry. */
export const bellBytes: Readonly<Record<Bell, number>> = { arrival: 16_384, refusal: 1 };

// Each rule that accepts names a set; a lookup that misses leaves the rule, and the drop at the end decides. A lookup in up
// or down counts, so it stands last in its rule, after the quota: only what passes is counted. What is over a speed limit is
// dropped before; who is in no map of limits has none. Node-local traffic takes the same road: prerouting and
// postrouting see it too.
function chains(frame: GateFrame): string {
  const name = `"${checkInterfaceName(frame.interfaceName)}"`;
  const range4 = parseRange(frame.range4, 4);
  const range6 = parseRange(frame.range6, 6);
  const own4 = parseAddress(frame.address4).address;
  const own6 = parseAddress(frame.address6).address;
  return `  chain arrival {
    quota name ${bellObject('arrival')} accept
    accept
  }
  chain upload {
    ip saddr @unheard4 delete @unheard4 { ip saddr }
    ip6 saddr @unheard6 delete @unheard6 { ip6 saddr }
    ip daddr ${range4} ip daddr != ${own4} drop
    ip6 daddr ${range6} ip6 daddr != ${own6} drop
${frame.ipv6 ? '' : `    ip6 saddr ${range6} ip6 daddr != ${own6} reject with icmpv6 no-route\n`}\
    limit name ip saddr map @pace_up4 drop
    limit name ip6 saddr map @pace_up6 drop
    limit name ip saddr map @pool_up4 drop
    limit name ip6 saddr map @pool_up6 drop
    ip saddr @unlimited4 ip saddr @up4 accept
    ip6 saddr @unlimited6 ip6 saddr @up6 accept
    quota name ip saddr map @grant4 ip saddr @up4 accept
    quota name ip6 saddr map @grant6 ip6 saddr @up6 accept
    ip saddr @idle4 ip saddr @up4 goto arrival
    ip6 saddr @idle6 ip6 saddr @up6 goto arrival
    quota name ${bellObject('refusal')} drop
    drop
  }
  chain download {
    ip daddr @unheard4 drop
    ip6 daddr @unheard6 drop
    limit name ip daddr map @pace_down4 drop
    limit name ip6 daddr map @pace_down6 drop
    limit name ip daddr map @pool_down4 drop
    limit name ip6 daddr map @pool_down6 drop
    ip daddr @unlimited4 ip daddr @down4 accept
    ip6 daddr @unlimited6 ip6 daddr @down6 accept
    quota name ip daddr map @grant4 ip daddr @down4 accept
    quota name ip6 daddr map @grant6 ip6 daddr @down6 accept
    ip daddr @idle4 ip daddr @down4 goto arrival
    ip6 daddr @idle6 ip6 daddr @down6 goto arrival
    drop
  }
  chain from_devices {
    type filter hook prerouting priority mangle; policy accept;
    iifname ${name} goto upload
  }
  chain to_devices {
    type filter hook postrouting priority mangle; policy accept;
    oifname ${name} goto download
  }
  chain through {
    type filter hook forward priority mangle; policy accept;
    iifname ${name} oifname ${name} drop comment "isolation, should the operator translate addresses"
    iifname ${name} ${clamp(frame.mtu)}
    oifname ${name} ${clamp(frame.mtu)}
  }
  chain stamp {
    comment "last in prerouting: after translation, and after whatever the operator does with marks"
    type filter hook prerouting priority 200; policy accept;
    iifname ${name} meta mark set meta mark | ${passMark}
    ip daddr ${range4} meta mark set meta mark | ${passMark}
    ip6 daddr ${range6} meta mark set meta mark | ${passMark}
  }
  chain translate {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${range4} oifname != { ${name}, "lo" } masquerade
${frame.ipv6 ? `    ip6 saddr ${range6} oifname != { ${name}, "lo" } masquerade\n` : ''}  }`;
}

// A TCP header without options is 20 bytes, an IPv4 header 20, an IPv6 header 40.
const headers = 60;

function clamp(mtu: number): string {
  if (!Number.isInteger(mtu) || mtu < 576 || mtu > 65_535) throw new RangeError(`MTU ${mtu}`);
  // One size for both families: 20 bytes less than could be for IPv4, and one rule less on every packet.
  return `tcp flags & (syn | rst) == syn tcp option maxseg size set ${mtu - headers}`;
}
