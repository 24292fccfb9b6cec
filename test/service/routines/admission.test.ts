import { describe, expect, it } from 'vitest';
import { explainRefusal, type AdmissionQuestion } from '../../../src/service/routines/admission.js';

function ask(question: Partial<AdmissionQuestion>): string | undefined {
  return explainRefusal({ type: 'full', running: [], isConcurrent: false, isFullDue: () => false, ...question });
}

describe('admission', () => {
  it.each([
    ['full', [], undefined],
    ['full', ['incremental'], undefined],
    ['full', ['full'], 'another full backup of it runs'],
    ['incremental', [], undefined],
    ['incremental', ['incremental'], 'another incremental backup of it runs'],
    ['incremental', ['full'], 'a full backup of it runs'],
  ] as const)('%s while %j runs: %s', (type, running, refusal) => {
    expect(ask({ type, running })).toBe(refusal);
  });

  it('an incremental run at the time of a full one gives way', () => {
    expect(ask({ type: 'incremental', isFullDue: () => true })).toContain('is due at the same time');
    expect(ask({ type: 'full', isFullDue: () => true })).toBeUndefined();
  });

  it('concurrent increments wait for nothing', () => {
    const running = ['full', 'incremental'] as const;
    expect(ask({ type: 'incremental', running, isConcurrent: true, isFullDue: () => true })).toBeUndefined();
    expect(ask({ type: 'full', running, isConcurrent: true })).toBeDefined();
  });
});
