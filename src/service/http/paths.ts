/** The path below the context path; undefined = it is not below it. */
export function stripContext(url: string, contextPath = '/'): string | undefined {
  const prefix = contextPath.replace(/\/+$/, '');
  const [path = ''] = url.split('?');
  if (path === prefix) return '/';
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}

/** Whether a URL or the pattern of a route is that of the second interface, which answers with JSON alone. */
export function isInV2(url: string, contextPath?: string): boolean {
  return /^\/v2(\/|$)/.test(stripContext(url, contextPath) ?? '');
}

/** Whether a URL or the pattern of a route is that of the console. */
export function isInConsole(url: string, contextPath?: string): boolean {
  return /^\/ui(\/|$)/.test(stripContext(url, contextPath) ?? '');
}
