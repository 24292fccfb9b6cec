/** Info commands about UDF modules and about queries under way. Spec: wire.md 9.2, 9.4. */
import type { InfoCommand, InfoNode } from './command.js';
import type { ClusterState } from '../cluster-state.js';

const MAX_SOURCE_BYTES = 1024 * 1024;
/** 2.5: `query-show` took the place of `jobs:`. */
const QUERY_SHOW_MAJOR = 6;

export function infoUdf(command: InfoCommand, node: InfoNode): string | undefined {
  const { name, params } = command;
  const { state } = node;
  const filename = params.get('filename');
  switch (name) {
    case 'udf-list':
      return state.udfs.list();
    case 'udf-get': {
      const content = filename === undefined ? undefined : state.udfs.content(filename);
      if (content === undefined) return 'error=not_found';
      return state.build.isAtLeast(8) ? `type=LUA;content=${content};` : `gen=1;type=LUA;content=${content};`;
    }
    case 'udf-put':
      return put(params, state);
    case 'udf-remove':
      if (filename !== undefined) state.udfs.remove(filename);
      return 'ok';
    case 'query-show':
    case 'query-abort':
      return state.build.isAtLeast(QUERY_SHOW_MAJOR) ? queries(name, params, node) : undefined;
    case 'jobs':
      return state.build.isAtLeast(QUERY_SHOW_MAJOR)
        ? undefined
        : state.jobs.describeAll(node.index, state.clock.nowMs());
    default:
      return undefined;
  }
}

function put(params: ReadonlyMap<string, string>, state: ClusterState): string {
  const filename = params.get('filename') ?? '';
  const content = params.get('content');
  if (filename === '' || !filename.includes('.')) return 'error=invalid_filename';
  if (content === undefined) return 'error=missing_content';
  const length = params.get('content-len');
  if (length !== undefined && Number(length) !== content.length) return 'error=invalid_content_len';
  if (Buffer.byteLength(content, 'base64') > MAX_SOURCE_BYTES) return 'error=too_big';
  const source = Buffer.from(content, 'base64').toString('latin1');
  const line = firstBrokenLine(source);
  if (line !== undefined) {
    const message = Buffer.from(`${filename}:${line}: syntax error`, 'latin1').toString('base64');
    return `error=compile_error;file=${filename};line=${line};message=${message}`;
  }
  state.udfs.put(filename, content);
  return 'ok';
}

/**
 * Lua isn't parsed here. The one mistake that tests need to be told from good source is a file that no Lua compiler
 * takes: one with a NUL byte, or a `function` without any `end`.
 */
function firstBrokenLine(source: string): number | undefined {
  const nul = source.indexOf('\0');
  if (nul >= 0) return source.slice(0, nul).split('\n').length;
  if (/\bfunction\b/.test(source) && !/\bend\b/.test(source)) return source.split('\n').length;
  return undefined;
}

function queries(name: string, params: ReadonlyMap<string, string>, { index, state }: InfoNode): string {
  const text = params.get('trid') ?? params.get('id');
  const nowMs = state.clock.nowMs();
  if (text === undefined)
    return name === 'query-show' ? state.jobs.describeAll(index, nowMs) : "ERROR:4:missing 'trid'";
  if (!/^\d+$/.test(text)) return "ERROR:4:bad 'trid'";
  if (name === 'query-abort') return state.jobs.abort(BigInt(text), index) ? 'OK' : 'ERROR:2:id not active';
  return state.jobs.describe(BigInt(text), index, nowMs) ?? 'ERROR:2:job not found';
}
