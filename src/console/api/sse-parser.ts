/** Takes a stream of server-sent events apart; its pieces may end anywhere. */
export class SseParser {
  private rest = '';
  private data: string[] = [];

  /** Data of the events that `text` completes. Comments and other fields are skipped. */
  push(text: string): string[] {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop()!;
    const events: string[] = [];
    for (const line of lines) {
      if (line === '') {
        if (this.data.length > 0) events.push(this.data.join('\n'));
        this.data = [];
      } else if (line.startsWith('data:')) {
        this.data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      }
    }
    return events;
  }
}
