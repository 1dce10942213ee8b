/** The network that an IP address is counted by: an IPv4 address itself, also as ::ffff:192.0.2.1, or a /64. */
export function networkOf(address: string): string {
  if (address.includes('.') || !address.includes(':')) return address.slice(address.lastIndexOf(':') + 1);
  const [head = '', tail = ''] = address.split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const zeros: string[] = new Array(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}
