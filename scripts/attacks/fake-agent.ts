/** A secret agent that answers every question with the value of the moment. */
import { createServer, type AddressInfo } from 'node:net';

const MAGIC = 0x51dec1cc;

export interface FakeAgent {
  /** For --sa-address. */
  readonly address: string;
  /** What is asked for: the values by their keys. */
  values: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startFakeAgent(): Promise<FakeAgent> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    let question = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      question = Buffer.concat([question, chunk]);
      if (question.length < 8 || question.length < 8 + question.readUInt32BE(4)) return;
      const { SecretKey = '' } = JSON.parse(question.toString('utf8', 8)) as { SecretKey?: string };
      const value = Buffer.from(agent.values[SecretKey] ?? '').toString('base64');
      const answer = Buffer.from(JSON.stringify({ SecretValue: value }));
      const head = Buffer.alloc(8);
      head.writeUInt32BE(MAGIC, 0);
      head.writeUInt32BE(answer.length, 4);
      socket.end(Buffer.concat([head, answer]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent: FakeAgent = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    values: {},
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return agent;
}
