import { describe, expect, it } from 'vitest';
import { currentHolder } from '../../../src/engine/backup/checkpoint/lock.js';
import { EMPTY_LEDGER, type Holder, type LedgerState } from '../../../src/service/replicas/ledger-state.js';
import {
  beginGuard,
  claimFiring,
  decide,
  endGuard,
  endRun,
  findPassed,
  releaseRun,
  requestCancel,
  takeOver,
  type Firing,
  type FiringResult,
  type Transition,
} from '../../../src/service/replicas/ledger-transitions.js';

const DUE = 1_000_000;
let count = 0;

function holder(replica: string): Holder {
  return { ...currentHolder(`process-${replica}`), replica };
}

/** Keeps the state over changes. */
class Ledger {
  state: LedgerState = EMPTY_LEDGER;

  apply<Result>(transition: Transition<Result>): Result {
    const { next, result } = transition(this.state);
    if (next !== undefined) this.state = next;
    return result;
  }

  fire(firing: Partial<Firing> = {}): FiringResult {
    return this.apply(
      claimFiring({
        ...{ type: 'full', dueMs: DUE, nowMs: DUE + 3, isConcurrent: false, isFullDue: () => false },
        ...{ holder: holder('a'), claim: `claim-${count++}` },
        ...firing,
      }),
    );
  }
}

const RUN = { type: 'full', timestampMs: DUE + 3, token: 1 } as const;

describe('a firing', () => {
  it('is claimed once, also by a replica that is late', () => {
    const ledger = new Ledger();
    expect(ledger.fire().kind).toBe('claimed');
    expect(ledger.fire()).toEqual({ kind: 'taken' });
    ledger.apply(endRun(RUN, { outcome: 'success' }));
    for (let i = 1; i <= 10; i++) {
      const claimed = ledger.fire({ dueMs: DUE + i * 1000, nowMs: DUE + i * 1000 });
      if (claimed.kind === 'claimed') ledger.apply(endRun(claimed.task, { outcome: 'success' }));
    }
    expect(ledger.fire({ dueMs: DUE })).toEqual({ kind: 'taken' });
  });

  it('that was passed over while a later one was claimed, can still be claimed', () => {
    const ledger = new Ledger();
    ledger.fire({ dueMs: DUE + 1000 });
    ledger.apply(endRun({ ...RUN }, { outcome: 'success' }));
    expect(ledger.fire({ dueMs: DUE }).kind).toBe('claimed');
  });

  it('older than all that are remembered, is taken', () => {
    const ledger = new Ledger();
    for (let i = 0; i < 100; i++) ledger.fire({ dueMs: DUE + i * 1000 });
    expect(ledger.fire({ dueMs: DUE + 10_000 })).toEqual({ kind: 'taken' });
    expect(ledger.fire({ dueMs: DUE - 1 })).toEqual({ kind: 'taken' });
  });

  it('beside a run of the same type, is recorded as skipped, once', () => {
    const ledger = new Ledger();
    ledger.fire();
    const second = { dueMs: DUE + 1000, holder: holder('b') };
    expect(ledger.fire(second)).toEqual({ kind: 'refused', reason: 'another full backup of it runs' });
    expect(ledger.fire(second)).toEqual({ kind: 'taken' });
    expect(ledger.state.recent).toMatchObject([{ dueMs: DUE + 1000, outcome: 'skip', replica: 'b' }]);
  });

  it('beside a run whose end is decided, is claimed', () => {
    const ledger = new Ledger();
    ledger.fire();
    ledger.apply(decide(RUN, { outcome: 'success', parts: [] }));
    expect(ledger.fire({ dueMs: DUE + 1000 }).kind).toBe('claimed');
  });

  it('of a replica whose clock is behind, gets a later time than the run before', () => {
    const ledger = new Ledger();
    ledger.fire({ nowMs: DUE + 60_000 });
    ledger.apply(endRun({ ...RUN, timestampMs: DUE + 60_000 }, { outcome: 'success' }));
    const second = ledger.fire({ dueMs: DUE + 1000, nowMs: DUE + 1000 });
    expect(second).toMatchObject({ kind: 'claimed', task: { timestampMs: DUE + 60_001 } });
  });

  it('whose answer was lost, is claimed by the one that asks again with the same claim', () => {
    const ledger = new Ledger();
    const first = ledger.fire({ claim: 'mine' });
    expect(ledger.fire({ claim: 'mine' })).toEqual(first);
  });
});

describe('firings that have passed', () => {
  const listDues = (_type: string, afterMs: number): number[] =>
    [0, 1, 2, 3, 4].map((n) => DUE + n * 1000).filter((dueMs) => dueMs > afterMs);

  it('and that nobody has taken, are found, of a schedule that was followed before', () => {
    const ledger = new Ledger();
    expect(findPassed(ledger.state, 'key', 0, listDues)).toEqual([]);
    ledger.fire({ scheduleKey: 'key' });
    ledger.fire({ dueMs: DUE + 2000, scheduleKey: 'key' });
    const passed = [1000, 3000, 4000].map((ms) => ({ type: 'full', dueMs: DUE + ms }));
    expect(findPassed(ledger.state, 'key', 0, listDues)).toEqual(passed);
    expect(findPassed(ledger.state, 'key', DUE + 3000, listDues)).toEqual(passed.slice(2));
    expect(findPassed(ledger.state, 'other', 0, listDues)).toEqual([]);
  });
});

describe('a run that another replica has taken over', () => {
  it('obeys the new holder alone', () => {
    const ledger = new Ledger();
    ledger.fire();
    const taken = ledger.apply(takeOver(RUN, holder('b'), 'claim-b'))!;
    expect(taken).toMatchObject({ token: 2, holder: { replica: 'b' } });
    expect(ledger.apply(decide(RUN, { outcome: 'success', parts: [] }))).toBe('fenced');
    expect(ledger.apply(endRun(RUN, { outcome: 'failure' }))).toBe('fenced');
    ledger.apply(releaseRun(RUN));
    expect(ledger.state.runs).toEqual([taken]);
    expect(ledger.apply(decide(taken, { outcome: 'failure' }))).toBe('decided');
    expect(ledger.apply(endRun(taken, { outcome: 'success' }))).toBe('decided');
    expect(ledger.state.recent).toMatchObject([{ outcome: 'failure', token: 2, replica: 'b' }]);
    expect(ledger.apply(endRun(RUN, { outcome: 'success' }))).toBe('fenced');
  });

  it('keeps its decision', () => {
    const ledger = new Ledger();
    ledger.fire();
    ledger.apply(decide(RUN, { outcome: 'canceled' }));
    const taken = ledger.apply(takeOver(RUN, holder('b'), 'claim-b'))!;
    expect(taken.decision).toEqual({ outcome: 'canceled' });
    ledger.apply(decide(taken, { outcome: 'success', parts: [] }));
    ledger.apply(endRun(taken, { outcome: 'success' }));
    expect(ledger.state.recent).toMatchObject([{ outcome: 'canceled' }]);
  });
});

it('a request to cancel marks open runs, and no others', () => {
  const ledger = new Ledger();
  ledger.fire();
  ledger.apply(requestCancel());
  expect(ledger.state.runs[0]!.isCanceled).toBe(true);
  const before = ledger.state;
  ledger.apply(requestCancel());
  expect(ledger.state).toBe(before);
});

describe('a deletion of old backups', () => {
  it('begins once, and not beside a restore', () => {
    const ledger = new Ledger();
    const guard = { kind: 'retention' as const, holder: holder('a'), claim: 'one' };
    expect(ledger.apply(beginGuard(guard))).toBe(true);
    expect(ledger.apply(beginGuard(guard))).toBe(true);
    expect(ledger.apply(beginGuard({ ...guard, claim: 'two' }))).toBe(false);
    ledger.apply(endGuard('one'));
    expect(ledger.apply(beginGuard({ ...guard, kind: 'restore', claim: 'three' }))).toBe(true);
    expect(ledger.apply(beginGuard({ ...guard, claim: 'four' }))).toBe(false);
    ledger.apply(endGuard('three'));
    expect(ledger.state.guards).toEqual([]);
  });
});
