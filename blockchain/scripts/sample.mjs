// A sample that comes out the same for the same seed, and what it says about all of which it was drawn.

/** `count` of `all` by lot, in their order. */
export function drawn(all, count, seed) {
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) throw new Error("--sample and --seed take whole numbers");
  const random = mulberry32(seed);
  const left = all.map((_, index) => index);
  const taken = [];
  while (taken.length < Math.min(count, all.length)) taken.push(left.splice(Math.floor(random() * left.length), 1)[0]);
  return taken.sort((a, b) => a - b).map((index) => all[index]);
}

/** Wilson's interval of a share at 95 %, for `of` drawn without putting back from `population`. */
export function interval(good, of, population) {
  const share = good / of;
  const z = 1.959964 * Math.sqrt(population > 1 ? (population - of) / (population - 1) : 0);
  const middle = (share + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z / (1 + (z * z) / of)) * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** The generator mulberry32: small, and the same everywhere. */
function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
