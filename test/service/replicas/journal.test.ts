/** Replicas that meet at one journal, in every order of their calls. */
import { describe, expect, it } from 'vitest';
import { currentHolder } from '../../../src/engine/backup/checkpoint/lock.js';
import { Journal, type JournalStorage } from '../../../src/service/replicas/journal.js';
import { EMPTY_LEDGER, type Holder, type LedgerState } from '../../../src/service/replicas/ledger-state.js';
import {
  claimFiring,
  decide,
  endRun,
  takeOver,
  type FiringResult,
  type Transition,
} from '../../../src/service/replicas/ledger-transitions.js';
import { StorageError } from '../../../src/storage/errors.js';
import { exploreOrders, MemoryFiles, type Fault } from './gated-storage.js';

const DIRECTORY = 'journal';
const DUE = 1_000_000;

function holder(replica: string): Holder {
  return { ...currentHolder(`process-${replica}`), replica };
}

/** As RoutineLedger does, without its waits; errors are tried again. */
async function update<Result>(storage: JournalStorage, transition: Transition<Result>): Promise<Result> {
  const journal = new Journal(storage, DIRECTORY, EMPTY_LEDGER);
  for (;;) {
    try {
      const head = await journal.read();
      const { next, result } = transition(head.state);
      if (next === undefined || (await journal.append(head, next, 'test'))) return result;
    } catch (error) {
      // The answer was lost.
      if (!(error instanceof StorageError)) throw error;
    }
  }
}

function claim(replica: string, dueMs: number | undefined = DUE, nowMs = DUE): Transition<FiringResult> {
  return claimFiring({
    ...{ type: 'full', dueMs, nowMs, isConcurrent: false, holder: holder(replica), claim: `claim-${replica}` },
    isFullDue: () => true,
  });
}

async function readState(files: ReadonlyMap<string, string>): Promise<LedgerState> {
  const memory = new MemoryFiles();
  for (const [path, text] of files) memory.files.set(path, text);
  return (await new Journal(memory.view('0'), DIRECTORY, EMPTY_LEDGER).read()).state;
}

async function prepare(...transitions: Transition<unknown>[]): Promise<Map<string, string>> {
  const memory = new MemoryFiles();
  for (const transition of transitions) await update(memory.view('0'), transition);
  return memory.files;
}

const FIRST = { type: 'full', timestampMs: DUE, token: 1 } as const;
const FAULTS: readonly Fault[] = ['none', 'dies', 'late'];

describe.each(FAULTS)('in every order of two replicas, where a call of the first has the fault %s,', (fault) => {
  it('a firing that both claim, has one run', async () => {
    const orders = await exploreOrders(
      new Map(),
      [(storage) => update(storage, claim('a')), (storage) => update(storage, claim('b'))],
      fault,
      async ({ results, files }) => {
        const { runs, recent } = await readState(files);
        expect(runs).toHaveLength(1);
        expect(recent).toEqual([]);
        const claimed = results.filter((result) => result?.kind === 'claimed');
        expect(claimed.length).toBeLessThanOrEqual(1);
        if (fault !== 'dies') expect(claimed).toHaveLength(1);
        else expect(results[1]!.kind).toBe(runs[0]!.claim === 'claim-b' ? 'claimed' : 'taken');
      },
    );
    expect(orders).toBeGreaterThan(20);
  });

  it('a run that ends while it is taken over, is decided by one of them', async () => {
    const start = await prepare(claim('a'));
    await exploreOrders<string | undefined>(
      start,
      [
        (storage) => update(storage, decide(FIRST, { outcome: 'success', parts: [] })),
        async (storage) => {
          const taken = await update(storage, takeOver(FIRST, holder('b'), 'claim-b'));
          return taken === undefined ? 'gone' : (taken.decision?.outcome ?? 'open');
        },
      ],
      fault,
      async ({ results, files }) => {
        const { runs } = await readState(files);
        expect(runs).toHaveLength(1);
        expect(runs[0]).toMatchObject({ token: 2, claim: 'claim-b' });
        // What the new holder was told is what the ledger says: it never makes a run that was decided before.
        expect(results[1]).toBe(runs[0]!.decision === undefined ? 'open' : 'success');
        // One that does not know that it has decided leaves the rest to the other.
        if (results[0] === 'fenced' && fault !== 'late') expect(runs[0]!.decision).toBeUndefined();
        if (results[0] === 'decided') expect(runs[0]!.decision?.outcome).toBe('success');
      },
    );
  });

  it('a run that both take over, has one holder', async () => {
    const start = await prepare(claim('dead'));
    await exploreOrders(
      start,
      ['a', 'b'].map((name) => (storage: JournalStorage) => {
        return update(storage, takeOver(FIRST, holder(name), `claim-${name}`));
      }),
      fault,
      async ({ results, files }) => {
        const { runs } = await readState(files);
        expect(runs.map(({ token }) => token)).toEqual([2]);
        for (const taken of results) if (taken !== undefined) expect(taken.claim).toBe(runs[0]!.claim);
      },
    );
  });

  it('a run that is over while it is taken over, is not begun again', async () => {
    const start = await prepare(claim('a'), decide(FIRST, { outcome: 'success', parts: [] }));
    await exploreOrders<unknown>(
      start,
      [
        (storage) => update(storage, endRun(FIRST, { outcome: 'failure' })),
        (storage) => update(storage, takeOver(FIRST, holder('b'), 'claim-b')),
      ],
      fault,
      async ({ results, files }) => {
        const { runs, recent } = await readState(files);
        if (results[0] === 'decided') expect(recent).toMatchObject([{ outcome: 'success', token: 1 }]);
        if (runs.length === 1) expect(runs[0]).toMatchObject({ token: 2, decision: { outcome: 'success' } });
        expect(runs.length + recent.length).toBe(1);
      },
    );
  });

  it('runs that both ask for, have different times, of which the later is the larger', async () => {
    await exploreOrders(
      new Map(),
      [
        // The clock of the first is ahead.
        (storage) => update(storage, claim('a', DUE, DUE + 5000)),
        (storage) => update(storage, claim('b', DUE + 1000, DUE)),
      ],
      fault,
      async ({ files }) => {
        const { runs, recent, lastTimestampMs } = await readState(files);
        expect(runs.length + recent.length).toBeGreaterThanOrEqual(1);
        expect(lastTimestampMs).toBe(Math.max(...runs.map(({ timestampMs }) => timestampMs)));
      },
    );
  });
});

describe('the journal', () => {
  it('of many changes, keeps the last entries, and has the newest state', async () => {
    const memory = new MemoryFiles();
    memory.files.set(`${DIRECTORY}/000000000001.json.1f2e3d.tmp`, 'left by a process that was killed');
    let state = EMPTY_LEDGER;
    for (let i = 1; i <= 200; i++) {
      state = { ...state, lastTimestampMs: i };
      const journal = new Journal(memory.view('0'), DIRECTORY, EMPTY_LEDGER);
      expect(await journal.append({ number: i - 1, state }, state, 'test')).toBe(true);
    }
    expect(memory.files.size).toBeLessThan(100);
    expect([...memory.files.keys()].some((path) => path.endsWith('.tmp'))).toBe(false);
    expect(await new Journal(memory.view('0'), DIRECTORY, EMPTY_LEDGER).read()).toEqual({ number: 200, state });
  });

  it('does not take the change of a replica that was stopped while others made hundreds, though its number is free', async () => {
    const memory = new MemoryFiles();
    const slow = new Journal(memory.view('slow'), DIRECTORY, EMPTY_LEDGER);
    const stale = await slow.read();
    for (let i = 1; i <= 200; i++) {
      const state = { ...EMPTY_LEDGER, lastTimestampMs: i };
      await new Journal(memory.view('0'), DIRECTORY, EMPTY_LEDGER).append({ number: i - 1, state }, state, 'test');
    }
    expect(await slow.append(stale, { ...EMPTY_LEDGER, lastTimestampMs: 9999 }, 'slow')).toBe(false);
    expect((await slow.read()).state.lastTimestampMs).toBe(200);
  });

  it('that holds something else, is an error and not an empty ledger', async () => {
    const memory = new MemoryFiles();
    memory.files.set(`${DIRECTORY}/000000000007.json`, '{}');
    await expect(new Journal(memory.view('0'), DIRECTORY, EMPTY_LEDGER).read()).rejects.toMatchObject({
      code: 'SERVICE_FAILED',
    });
  });
});
