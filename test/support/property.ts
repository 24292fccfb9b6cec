/**
 * Property tests with the same values in every run, so that a change is judged by what it changes. FAST_CHECK_SEED=…
 * tries others.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 77) });

export default fc;
