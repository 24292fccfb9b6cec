/** What documents of /v2 show of verifications and copies. */
import {
  VERIFY_MODES,
  type CopyTarget,
  type ScheduledCheck,
  type Verification,
  type VerifyMode,
} from '../schema/verification.js';
import type { CheckSettings } from './check-subject.js';
import type { BackupChecks, CopyState, UpkeepDocument } from './upkeep-document.js';

/** The name of the schedule of each mode in the configuration. */
export const SCHEDULE_KEYS = { CHECKSUMS: 'checksums', DEEP: 'deep', TRIAL: 'trial' } as const;

export function describeVerification(checks: BackupChecks | undefined): { verification?: Verification } {
  const found = VERIFY_MODES.flatMap((mode) => {
    const check = checks?.[mode];
    return check === undefined ? [] : [{ mode, ...check }];
  });
  if (found.length === 0) return {};
  return { verification: { state: found.every(({ sound }) => sound) ? 'SOUND' : 'DAMAGED', checks: found } };
}

export function describeSchedules(
  { verify, copies: copyTo }: Pick<CheckSettings, 'verify' | 'copies'>,
  { checks, copies }: UpkeepDocument,
  findNext: (mode: VerifyMode) => string | undefined,
): { verify?: ScheduledCheck[]; copies?: CopyTarget[] } {
  const modes = VERIFY_MODES.filter((mode) => verify?.[SCHEDULE_KEYS[mode]] !== undefined);
  return {
    ...(modes.length === 0
      ? {}
      : {
          verify: modes.map((mode): ScheduledCheck => {
            const { finished, sound, problem, lastSound } = checks[mode] ?? {};
            const next = findNext(mode);
            return {
              mode,
              ...(next === undefined ? {} : { next }),
              ...(finished === undefined ? {} : { last: finished }),
              ...(sound === undefined ? {} : { sound }),
              ...(problem === undefined ? {} : { problem }),
              ...(lastSound === undefined ? {} : { 'last-sound': lastSound }),
            };
          }),
        }),
    ...(copyTo.length === 0 ? {} : { copies: copyTo.map((storage) => describeCopy(storage, copies[storage])) }),
  };
}

function describeCopy(storage: string, state: CopyState | undefined): CopyTarget {
  if (state === undefined) return { storage };
  const { pending, last, problem, failures, nextAttempt } = state;
  return {
    storage,
    ...(pending === undefined ? {} : { pending }),
    ...(last === undefined ? {} : { last }),
    ...(problem === undefined ? {} : { problem }),
    ...(failures === 0 ? {} : { failures }),
    ...(nextAttempt === undefined ? {} : { 'next-attempt': nextAttempt }),
  };
}
