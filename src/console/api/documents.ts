/** Documents of the API that have no schema in src/service/v2/schema. */

export interface Session {
  readonly name: string;
  readonly kind: 'anonymous' | 'token' | 'certificate' | 'proxy';
  readonly scopes: readonly string[];
  readonly version: string;
}

export interface RunningJob {
  readonly 'done-records': number;
  readonly 'start-time': string;
  readonly 'percentage-done': number;
}

export interface RoutineSummary {
  readonly name: string;
  readonly 'source-cluster': string;
  readonly storage: string;
  readonly namespaces: readonly string[];
  readonly disabled: boolean;
  readonly full?: RunningJob;
  readonly incremental?: RunningJob;
  readonly 'last-full'?: string;
  readonly 'last-incremental'?: string;
  readonly 'next-full'?: string;
  readonly 'next-incremental'?: string;
  readonly rpo?: string;
  readonly 'rpo-missed'?: boolean;
}

export interface DeadLetter {
  readonly id: string;
  readonly webhook: string;
  readonly attempts: number;
  readonly reason: string;
  readonly 'given-up': string;
  readonly event: { readonly type: string; readonly routine?: string; readonly backup?: string; readonly job?: string };
}

export type ConfigDocument = Readonly<Record<string, unknown>>;
