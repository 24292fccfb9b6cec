/**
 * How the ledger of a routine changes. All functions are pure: they are applied to the newest state, and again to a
 * newer one if another replica was faster. Each recognizes its own change, so that one whose answer was lost is not
 * made twice.
 */
import type { BackupType } from '../metrics/metrics.js';
import { explainRefusal } from '../routines/admission.js';
import {
  type Decision,
  type EndedRun,
  type FiredTimes,
  type Guard,
  type Holder,
  type LedgerState,
  type RunTask,
} from './ledger-state.js';

/** Times of the schedule that are remembered: for so many firings a replica may be late. */
const MOST_DUES = 64;
const MOST_RECENT = 64;

/** `next` absent = nothing changes. */
export interface Change<Result> {
  next?: LedgerState;
  result: Result;
}
export type Transition<Result> = (state: LedgerState) => Change<Result>;

export interface Firing {
  type: BackupType;
  /** Absent = somebody has asked for the run. */
  dueMs?: number | undefined;
  nowMs: number;
  isConcurrent: boolean;
  isFullDue: () => boolean;
  holder: Holder;
  claim: string;
  /** The same for schedules that are due at the same times; of a run that is due. */
  scheduleKey?: string | undefined;
  /** Whether a refusal is kept; default true. False where who has asked is told. */
  isRecorded?: boolean;
}

export type FiringResult =
  | { kind: 'claimed'; task: RunTask }
  /** Another replica has it. */
  | { kind: 'taken' }
  /** It is recorded as skipped. */
  | { kind: 'refused'; reason: string };

/** The run of a firing, which one replica gets; the time of the run is later than that of every run before. */
export function claimFiring(firing: Firing): Transition<FiringResult> {
  const { type, dueMs, nowMs, isConcurrent, isFullDue, holder, claim, scheduleKey, isRecorded = true } = firing;
  return (state) => {
    const own = state.runs.find((task) => task.claim === claim);
    if (own !== undefined) return { result: { kind: 'claimed', task: own } };
    if (dueMs !== undefined && isFired(state.fired[type], dueMs)) return { result: { kind: 'taken' } };
    const fired = dueMs === undefined ? state.fired : { ...state.fired, [type]: addDue(state.fired[type], dueMs) };
    const open = state.runs.filter(({ decision }) => decision === undefined);
    const running = open.map((task) => task.type);
    const reason = explainRefusal({ type, running, isConcurrent, isFullDue });
    const due = dueMs === undefined ? {} : { dueMs };
    const schedule = scheduleKey === undefined ? {} : { scheduleKey };
    if (reason !== undefined) {
      if (!isRecorded) return { result: { kind: 'refused', reason } };
      const skipped: EndedRun = { type, ...due, outcome: 'skip', reason, replica: holder.replica, token: 0 };
      return {
        next: { ...state, ...schedule, fired, recent: addRecent(state, skipped) },
        result: { kind: 'refused', reason },
      };
    }
    const timestampMs = Math.max(nowMs, state.lastTimestampMs + 1);
    const task: RunTask = { type, timestampMs, ...due, holder, token: 1, claim };
    const next = { ...state, ...schedule, fired, lastTimestampMs: timestampMs, runs: [...state.runs, task] };
    return { next, result: { kind: 'claimed', task } };
  };
}

function isFired({ floorMs, dues }: FiredTimes, dueMs: number): boolean {
  return dueMs <= floorMs || dues.includes(dueMs);
}

function addDue({ floorMs, dues }: FiredTimes, dueMs: number): FiredTimes {
  const sorted = [...dues, dueMs].sort((a, b) => a - b);
  const dropped = sorted.splice(0, Math.max(0, sorted.length - MOST_DUES));
  return { floorMs: Math.max(floorMs, ...dropped), dues: sorted };
}

function addRecent({ recent }: LedgerState, ended: EndedRun): readonly EndedRun[] {
  return [...recent, ended].slice(-MOST_RECENT);
}

export interface PassedFiring {
  type: BackupType;
  dueMs: number;
}

/**
 * Firings since `fromMs` that no replica has taken, as those that were there at the time have died: only of a schedule
 * that was followed before. `listDues`: the times of the schedule after one and up to now.
 */
export function findPassed(
  { scheduleKey, fired }: LedgerState,
  key: string,
  fromMs: number,
  listDues: (type: BackupType, afterMs: number) => readonly number[],
): PassedFiring[] {
  if (scheduleKey !== key) return [];
  return (['full', 'incremental'] as const).flatMap((type) => {
    const [oldest] = fired[type].dues;
    if (oldest === undefined) return [];
    const dues = listDues(type, Math.max(fromMs, oldest, fired[type].floorMs));
    return dues.filter((dueMs) => !fired[type].dues.includes(dueMs)).map((dueMs) => ({ type, dueMs }));
  });
}

/** What names a run and the replica that works on it. */
export type TaskName = Pick<RunTask, 'type' | 'timestampMs' | 'token'>;

export function findTask(state: LedgerState, { type, timestampMs, token }: TaskName): RunTask | undefined {
  return state.runs.find((task) => task.type === type && task.timestampMs === timestampMs && task.token === token);
}

function replaceTask(state: LedgerState, task: RunTask, changed: RunTask): LedgerState {
  return { ...state, runs: state.runs.map((each) => (each === task ? changed : each)) };
}

/** The run as the new holder has it; undefined = it has ended, or another replica has taken it over. */
export function takeOver(name: TaskName, holder: Holder, claim: string): Transition<RunTask | undefined> {
  return (state) => {
    const own = state.runs.find((task) => task.claim === claim);
    if (own !== undefined) return { result: own };
    const task = findTask(state, name);
    if (task === undefined) return { result: undefined };
    const taken: RunTask = { ...task, holder, claim, token: task.token + 1 };
    delete taken.isReleased;
    return { next: replaceTask(state, task, taken), result: taken };
  };
}

/** `fenced`: the run has another holder. `decided`: as asked, or as the run was decided before. */
export type DecisionResult = 'decided' | 'fenced';

export function decide(name: TaskName, decision: Decision): Transition<DecisionResult> {
  return (state) => {
    const task = findTask(state, name);
    if (task === undefined) return { result: 'fenced' };
    if (task.decision !== undefined) return { result: 'decided' };
    return { next: replaceTask(state, task, { ...task, decision }), result: 'decided' };
  };
}

/** The run is over, and its decision carried out. */
export function endRun(name: TaskName, fallback: Decision): Transition<DecisionResult> {
  return (state) => {
    const task = findTask(state, name);
    if (task === undefined) {
      const { type, timestampMs, token } = name;
      const isOwn = state.recent.some(
        (ended) => ended.type === type && ended.timestampMs === timestampMs && ended.token === token,
      );
      return { result: isOwn ? 'decided' : 'fenced' };
    }
    const { type, timestampMs, dueMs, token, holder } = task;
    const { outcome, reason, parts, leadMs } = task.decision ?? fallback;
    const ended: EndedRun = {
      type,
      timestampMs,
      ...(dueMs === undefined ? {} : { dueMs }),
      outcome,
      ...(reason === undefined ? {} : { reason: reason.slice(0, 300) }),
      replica: holder.replica,
      token,
      ...(leadMs === undefined ? {} : { leadMs }),
      ...(parts === undefined ? {} : { folders: parts.map(({ folder }) => folder) }),
    };
    const runs = state.runs.filter((each) => each !== task);
    return { next: { ...state, runs, recent: addRecent(state, ended) }, result: 'decided' };
  };
}

/** Another replica may go on with the run at once. */
export function releaseRun(name: TaskName): Transition<void> {
  return (state) => {
    const task = findTask(state, name);
    if (task === undefined || task.isReleased === true) return { result: undefined };
    return { next: replaceTask(state, task, { ...task, isReleased: true }), result: undefined };
  };
}

/** All runs of the routine that nothing is decided about, or the one of that time. */
export function requestCancel(timestampMs?: number): Transition<void> {
  return (state) => {
    const isOpen = (task: RunTask): boolean =>
      task.decision === undefined &&
      task.isCanceled !== true &&
      (timestampMs === undefined || task.timestampMs === timestampMs);
    if (!state.runs.some(isOpen)) return { result: undefined };
    const runs = state.runs.map((task) => (isOpen(task) ? { ...task, isCanceled: true } : task));
    return { next: { ...state, runs }, result: undefined };
  };
}

/** False = another replica deletes, or a restore reads: nothing may be deleted. */
export function beginGuard(guard: Guard): Transition<boolean> {
  return (state) => {
    if (state.guards.some(({ claim }) => claim === guard.claim)) return { result: true };
    if (guard.kind === 'retention' && state.guards.length > 0) return { result: false };
    return { next: { ...state, guards: [...state.guards, guard] }, result: true };
  };
}

export function endGuard(claim: string): Transition<void> {
  return (state) => {
    const guards = state.guards.filter((guard) => guard.claim !== claim);
    return guards.length === state.guards.length
      ? { result: undefined }
      : { next: { ...state, guards }, result: undefined };
  };
}
