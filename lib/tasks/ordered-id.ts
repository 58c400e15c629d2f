import { randomBytes } from 'node:crypto';

let latest = 0;
let count = 0;

/**
 * A UUID that sorts behind those that this process made before, as its version 7 has it. pg-boss orders the
 * jobs of one transaction by their ids, as all of them were made at one time.
 */
export function orderedId(): string {
  const now = Date.now();
  if (now > latest) {
    latest = now;
    count = 0;
  } else {
    count += 1;
    // The counter has 12 bits; what does not go in borrows from the time to come.
    if (count > 0xfff) {
      latest += 1;
      count = 0;
    }
  }
  const time = latest.toString(16).padStart(12, '0');
  const random = randomBytes(8);
  random[0] = ((random[0] as number) & 0x3f) | 0x80;
  const tail = random.toString('hex');
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${count.toString(16).padStart(3, '0')}`,
    tail.slice(0, 4),
    tail.slice(4),
  ].join('-');
}
