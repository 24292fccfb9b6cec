/** Damages good files at random and looks at what their readers make of them. */
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { seededRandom } from './random.js';

const SPICE = Buffer.from('+-*# \n\\\0!=0123456789kndsgtbIDSBXNZGUie{}[]":,\x7f\xff', 'latin1');
/** No input is so large that a machine, however busy, needs longer. */
const HANG_MS = 5000;
const BREATHE_EVERY = 10;
const LOOK_AT_MEMORY_EVERY = 200;
/** What a run may take in the end more than after its first inputs; garbage included. */
const MEMORY_BYTES = 400 * 2 ** 20;

/** A copy of `seed` with one to three damages. */
export function mutate(seed, random) {
  let text = Buffer.from(seed);
  for (let n = 1 + random.below(3); n > 0 && text.length > 0; n--) {
    const at = random.below(text.length);
    const until = Math.min(text.length, at + 1 + random.below(random.below(4) === 0 ? 200 : 4));
    switch (random.below(7)) {
      case 0:
        text[at] = random.below(256);
        break;
      case 1:
        text[at] = SPICE[random.below(SPICE.length)];
        break;
      case 2:
        text = Buffer.concat([text.subarray(0, at), text.subarray(until)]);
        break;
      case 3:
        text = Buffer.concat([text.subarray(0, until), text.subarray(at)]);
        break;
      case 4:
        text = Buffer.concat([text.subarray(0, at), SPICE.subarray(random.below(SPICE.length)), text.subarray(at)]);
        break;
      case 5:
        // Where lengths and flags lie.
        text[random.below(Math.min(text.length, 32))] = random.below(256);
        break;
      default:
        text[at] = text[random.below(text.length)];
    }
  }
  return text;
}

/** Gives a reader `inputs` damaged files. Whatever is neither read nor refused with a place is a problem. */
export async function fuzz(fuzzer, inputs, seed) {
  const random = seededRandom(seed);
  const totals = { inputs, read: 0, refused: 0, slowestMs: 0, grownBytes: 0, problems: [] };
  let before;
  for (let i = 0; i < inputs; i++) {
    const input = mutate(fuzzer.seeds[i % fuzzer.seeds.length], random);
    const startedMs = performance.now();
    try {
      await fuzzer.read(input, random);
      totals.read++;
    } catch (error) {
      totals.refused++;
      if (!fuzzer.isRefusal(error)) {
        totals.problems.push(`seed ${seed}, input ${i}: ${error.stack}\n${input.toString('base64').slice(0, 4000)}`);
      }
    }
    const millis = performance.now() - startedMs;
    totals.slowestMs = Math.max(totals.slowestMs, millis);
    if (millis > HANG_MS) totals.problems.push(`seed ${seed}, input ${i}: took ${Math.round(millis)} ms`);
    // What native objects hold is given back between turns of the event loop only, which a real reader has many of.
    if (i % BREATHE_EVERY === 0) await setImmediate();
    if (i % LOOK_AT_MEMORY_EVERY !== LOOK_AT_MEMORY_EVERY - 1) continue;
    const { rss } = process.memoryUsage();
    before ??= rss;
    totals.grownBytes = Math.max(totals.grownBytes, rss - before);
  }
  if (totals.grownBytes > MEMORY_BYTES) totals.problems.push(`memory grew by ${totals.grownBytes} bytes`);
  return totals;
}
