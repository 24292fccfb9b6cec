import { bashCompletion } from './completion-bash.js';
import { fishCompletion } from './completion-fish.js';
import { zshCompletion } from './completion-zsh.js';
import type { ToolPage } from './tool-page.js';

/** The files in completions/, by name: each shell finds a command's completion by the name of its file. */
export function completionFiles(tool: ToolPage): ReadonlyMap<string, string> {
  return new Map([
    [`${tool.name}.bash`, bashCompletion(tool)],
    [`_${tool.name}`, zshCompletion(tool)],
    [`${tool.name}.fish`, fishCompletion(tool)],
  ]);
}
