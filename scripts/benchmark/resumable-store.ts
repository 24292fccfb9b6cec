/** As much of Google's JSON API as the helpers of its SDK need: one object, by a resumable upload, and its download. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LocalHttpServer } from '../../test/support/local-http-server.js';

export class ResumableStore {
  private chunks: Buffer[] = [];
  private readonly server = new LocalHttpServer((request, response) => void this.answer(request, response));

  listen(): Promise<string> {
    return this.server.listen();
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private get sizeBytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers } = request;
    if (method === 'GET') {
      this.send(response);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (method === 'POST') {
      this.chunks = [];
      response.writeHead(200, { location: `http://${headers.host!}/session` }).end();
      return;
    }
    this.chunks.push(...chunks);
    const size = this.sizeBytes;
    // "bytes 0-8388607/*": more chunks follow; "bytes 0-1023/1024" and "bytes */1024": this is the last one.
    if (headers['content-range']?.endsWith('/*') === true) {
      response.writeHead(308, { range: `bytes=0-${size - 1}` }).end();
    } else {
      const object = { kind: 'storage#object', name: 'helper', size: String(size), generation: '1' };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(object));
    }
  }

  private send(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': this.sizeBytes });
    for (const chunk of this.chunks) response.write(chunk);
    response.end();
  }
}
