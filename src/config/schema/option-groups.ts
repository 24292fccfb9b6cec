import { GROUPS, type Group, type OptionSpec, type OptionTable } from './option-spec.js';

/** The options that can be used, under the headings of `--help` and in its order; headings without options left out. */
export function optionGroups(table: OptionTable): { group: Group; options: readonly OptionSpec[] }[] {
  return GROUPS.map((group) => ({
    group,
    options: table.filter((spec) => spec.removed === undefined && spec.group === group),
  })).filter(({ options }) => options.length > 0);
}
