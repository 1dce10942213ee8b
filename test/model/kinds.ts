/** The sizes of the model through which fresh walks are made. */
export const kinds = {
  'two nodes, two crashes': '-DNODES=2 -DVOLUME=6 -DKNOCKS=6 -DCRASHES=2 -DPAUSES=1 -DEXPIRIES=1',
  'three nodes, two crashes': '-DNODES=3 -DVOLUME=5 -DKNOCKS=6 -DCRASHES=2 -DPAUSES=2 -DEXPIRIES=0',
  'short of volume': '-DNODES=2 -DVOLUME=3 -DKNOCKS=6 -DCRASHES=1 -DPAUSES=2 -DEXPIRIES=0 -DAMPLE=9',
  'late messages': '-DNODES=2 -DVOLUME=4 -DKNOCKS=6 -DCRASHES=1 -DPAUSES=1 -DEXPIRIES=0 -DLATE=1',
} as const;
