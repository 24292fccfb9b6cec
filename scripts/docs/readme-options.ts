import { missingOptions, optionGroups } from '../../src/config/schema/option-groups.js';
import type { OptionSpec } from '../../src/config/schema/option-spec.js';
import type { ToolPage } from './tool-page.js';

const BEGIN = '<!-- options -->';
const END = '<!-- /options -->';

/** The README with its lists of options made anew; they lie between two marks. */
export function withOptionLists(readme: string, tools: readonly ToolPage[]): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`The README has no ${BEGIN} … ${END}`);
  const lists = tools.map((tool) => optionList(tool)).join('\n');
  return `${readme.slice(0, from + BEGIN.length)}\n\n${lists}\n${readme.slice(to)}`;
}

function optionList({ name, options }: ToolPage): string {
  const missing = missingOptions(options);
  const lines = optionGroups(options).map(({ group, options: specs }) => `- ${group}: ${specs.map(named).join(', ')}`);
  if (missing.length > 0) lines.push(`- Not in this version yet: ${missing.map(named).join(', ')}`);
  return `\`${name}\`\n\n${lines.join('\n')}\n`;
}

function named({ name, short }: OptionSpec): string {
  return short === undefined ? `\`--${name}\`` : `\`-${short}\` \`--${name}\``;
}
