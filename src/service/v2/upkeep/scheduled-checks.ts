/** Verifications that are due: each is made by one process, and made again if that has died. */
import type { V2Context } from '../context.js';
import type { Jobs } from '../jobs/jobs.js';
import { VERIFY_MODES, type VerifyMode } from '../schema/verification.js';
import type { OpenedCatalog } from '../storages/storage-directory.js';
import { checkBackups } from './check-backups.js';
import { findRoutineName, findSettings, toLabels, type CheckSubject } from './check-subject.js';
import type { Claims } from './claims.js';
import type { UpkeepDocument } from './upkeep-document.js';
import { SCHEDULE_KEYS } from './upkeep-view.js';

export class ScheduledChecks {
  constructor(
    private readonly context: V2Context,
    private readonly jobs: Jobs,
    private readonly claims: Claims,
  ) {}

  /** A firing: made unless another process makes it. `dueMs`: the time in the schedule. Throws StorageError. */
  async check(subject: CheckSubject, mode: VerifyMode, dueMs: number): Promise<void> {
    const { upkeep, directory, owner, document } = this.context;
    const { storage } = findSettings(document, subject) ?? {};
    if (storage === undefined) return;
    this.context.touch(storage);
    const due = new Date(dueMs).toISOString();
    const isTaken = await directory.use(storage, (catalog) =>
      upkeep.update(catalog, findRoutineName(subject), ({ checks }) => {
        const state = checks[mode];
        // Another replica has it, or an earlier one is still under way there.
        const isElsewhere = state?.claim !== undefined && state.claim.owner !== owner;
        if (state !== undefined && (Date.parse(state.due) >= dueMs || isElsewhere)) return false;
        checks[mode] = { ...state, due, claim: { owner } };
        return true;
      }),
    );
    if (isTaken) await this.run(subject, mode, storage);
  }

  /** Tells the metrics what is known. Resolves with what somebody works on or has left. Throws StorageError. */
  async findClaimed(subject: CheckSubject): Promise<VerifyMode[]> {
    const { upkeep, directory, document } = this.context;
    const { storage } = findSettings(document, subject) ?? {};
    if (storage === undefined) return [];
    return directory.use(storage, async (catalog) => {
      const known = await upkeep.read(catalog, findRoutineName(subject));
      await this.report(subject, known, catalog);
      return VERIFY_MODES.filter((mode) => known.checks[mode]?.claim !== undefined);
    });
  }

  /** Makes a verification again that was interrupted. Throws StorageError. */
  async resume(subject: CheckSubject, mode: VerifyMode): Promise<void> {
    const { upkeep, directory, document, owner } = this.context;
    const { storage } = findSettings(document, subject) ?? {};
    if (storage === undefined) return;
    const routine = findRoutineName(subject);
    const isTaken = await directory.use(storage, async (catalog) => {
      const { claim } = (await upkeep.read(catalog, routine)).checks[mode] ?? {};
      if (claim === undefined || !(await this.claims.isAbandoned(claim, catalog))) return false;
      return upkeep.update(catalog, routine, ({ checks }) => {
        const current = checks[mode];
        if (current?.claim?.owner !== claim.owner) return false;
        current.claim = { owner };
        return true;
      });
    });
    if (isTaken) await this.run(subject, mode, storage);
  }

  private async run(subject: CheckSubject, mode: VerifyMode, storage: string): Promise<void> {
    const { upkeep, directory, owner, options } = this.context;
    await directory.use(storage, async (catalog) => {
      const outcome = await this.claims.showLife(catalog, () => checkBackups(this.context, this.jobs, subject, mode));
      // The next process, or the next look, begins again.
      if (outcome.isInterrupted) return;
      const finished = new Date(this.context.now()).toISOString();
      const { sound, problem, bytes } = outcome;
      let kept: UpkeepDocument | undefined;
      await upkeep.update(catalog, findRoutineName(subject), (document) => {
        const state = document.checks[mode];
        if (state?.claim?.owner !== owner) return false;
        const { due, lastSound } = state;
        const last = sound ? finished : lastSound;
        document.checks[mode] = {
          due,
          finished,
          sound,
          ...(problem === undefined ? {} : { problem }),
          ...(last === undefined ? {} : { lastSound: last }),
        };
        kept = document;
        return true;
      });
      options.metrics.upkeep?.countCheck(toLabels(subject), SCHEDULE_KEYS[mode], sound ? 'success' : 'failure', bytes);
      if (kept !== undefined) await this.report(subject, kept, catalog);
    });
  }

  private async report(
    subject: CheckSubject,
    { checks, backups }: UpkeepDocument,
    catalog: OpenedCatalog,
  ): Promise<void> {
    const { upkeep } = this.context.options.metrics;
    if (upkeep === undefined) return;
    const labels = toLabels(subject);
    for (const mode of VERIFY_MODES) {
      const last = checks[mode]?.lastSound;
      if (last !== undefined) upkeep.setLastVerified(labels, SCHEDULE_KEYS[mode], Date.parse(last) / 1000);
    }
    const findStartMs = subject.kind === 'routine' ? readRunTime : await this.readStarts(catalog);
    let newest: number | undefined;
    let damaged = 0;
    for (const [id, found] of Object.entries(backups)) {
      const isSound = Object.values(found).every(({ sound }) => sound);
      if (!isSound) damaged++;
      const startMs = findStartMs(id);
      if (isSound && !(startMs <= (newest ?? -Infinity))) newest = startMs;
    }
    upkeep.setDamaged(labels, damaged);
    if (newest !== undefined) upkeep.setVerifiedPoint(labels, newest / 1000);
  }

  /** Of backups without a routine. */
  private async readStarts(catalog: OpenedCatalog): Promise<(id: string) => number> {
    const { index } = await this.context.readView(catalog);
    const starts = new Map(index.entries.map(({ id, started }) => [id, Date.parse(started ?? '')]));
    return (id) => starts.get(id) ?? NaN;
  }
}

/** The name of the folder of a run begins with its start. */
function readRunTime(id: string): number {
  return Number(/(\d{13})[^/]*$/.exec(id)?.[1] ?? NaN);
}
