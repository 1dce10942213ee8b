/** Bits per second, each way: what is believed to pass on one node of a subscription, or a device, that has no speed. */
const lineSpeed = 10_000_000_000n;

/** Bytes per second of speeds in bits per second, both ways together; null: no limit, and as fast as a line. */
export function rateOf(upload: bigint | null, download: bigint | null): bigint {
  return ((upload ?? lineSpeed) + (download ?? lineSpeed) + 7n) / 8n;
}

/** Clocks may have been set by an hour, and a node may have turned, or a speed have been changed, a little apart from us. */
const slackMs = 90 * 60_000;

/**
 * The most that can have passed in so long at `rate`, in bytes per second; a quarter more, since speeds are kept within
 * some percent and start with a burst.
 */
export function passableBytes(rate: bigint, milliseconds: number): bigint {
  const all = BigInt(Math.max(0, Math.floor(milliseconds)) + slackMs);
  return (rate * all * 5n) / 4_000n;
}
