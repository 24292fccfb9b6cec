/** What `asb doctor` prints. */
import type { CheckStatus, Finding } from '../../engine/doctor/finding.js';
import { hintText } from '../hints.js';

const LABELS: Readonly<Record<CheckStatus, string>> = {
  ok: 'ok',
  warning: 'WARNING',
  failed: 'FAILED',
  skipped: 'skipped',
};
const LABEL_WIDTH = 9;
const CHECK_WIDTH = 11;

/** A line, and below it what to do. */
export function formatFinding({ check, status, text, hint }: Finding): string {
  const indent = ' '.repeat(LABEL_WIDTH + CHECK_WIDTH);
  const remedy = hint === undefined ? '' : `${indent}-> ${hintText(hint, 'cli')}\n`;
  return `${LABELS[status].padEnd(LABEL_WIDTH)}${check.padEnd(CHECK_WIDTH)}${text}.\n${remedy}`;
}

/** What stands below the findings. */
export function formatDiagnosisEnd(findings: readonly Finding[], notes: readonly string[]): string {
  const count = (status: CheckStatus): number => findings.filter((finding) => finding.status === status).length;
  const parts = [`${findings.length} check(s)`, `${count('failed')} failed`, `${count('warning')} warning(s)`];
  if (count('skipped') > 0) parts.push(`${count('skipped')} skipped`);
  return `\n${notes.map((note) => `${note}.\n`).join('')}${parts.join(', ')}\n`;
}

export function formatDiagnosisJson(findings: readonly Finding[], notes: readonly string[]): string {
  const checks = findings.map(({ hint, ...finding }) => ({
    ...finding,
    ...(hint === undefined ? {} : { remedy: hintText(hint, 'cli') }),
  }));
  const ok = findings.every(({ status }) => status !== 'failed');
  return `${JSON.stringify({ ok, checks, notes }, undefined, 1)}\n`;
}
