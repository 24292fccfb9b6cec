import { Type, type Static } from 'typebox';
import { SCOPES } from '../../access/scope.js';
import { SECRET_KEYWORD, STRICT } from './keywords.js';

function scope(description: string) {
  return Type.Enum([...SCOPES], { type: 'string', description });
}

const SCOPE_TEXT = 'What it may do: read, backup, restore, admin; each includes those before it.';

export const AccessToken = Type.Object(
  {
    hash: Type.String({
      description: 'sha256: and the SHA-256 of the token in hexadecimal, as "asb service-token" prints it.',
      pattern: '^sha256:[0-9a-f]{64}$',
      [SECRET_KEYWORD]: 'all',
    }),
    scope: scope(SCOPE_TEXT),
    expires: Type.Optional(Type.String({ description: 'From this time on it is refused. RFC 3339.' })),
  },
  { ...STRICT, title: 'AccessToken', description: 'A token that is sent as Authorization: Bearer.' },
);
export type AccessToken = Static<typeof AccessToken>;

export const AccessCertificate = Type.Object(
  {
    subject: Type.Optional(
      Type.String({ description: 'All parts of the subject, in any order: CN=ci,O=Example.', minLength: 1 }),
    ),
    fingerprint: Type.Optional(
      Type.String({ description: 'SHA-256 of the certificate in hexadecimal, with colons or without.', minLength: 1 }),
    ),
    scope: scope(SCOPE_TEXT),
  },
  {
    ...STRICT,
    title: 'AccessCertificate',
    description: 'A client certificate of the HTTPS listener; it must be issued by client-ca-file.',
  },
);
export type AccessCertificate = Static<typeof AccessCertificate>;

export const AccessProxy = Type.Object(
  {
    addresses: Type.Array(Type.String({ minLength: 1 }), {
      description: 'Addresses and networks (CIDR) of the proxy. The header of others is ignored.',
      minItems: 1,
    }),
    header: Type.String({ description: 'Header with the user that the proxy has checked.', minLength: 1 }),
    users: Type.Optional(
      Type.Record(Type.String(), scope('What the user may do.'), { description: 'Scopes by user.' }),
    ),
    'default-scope': Type.Optional(scope('Scope of users that are not in users; without it they are refused.')),
  },
  { ...STRICT, title: 'AccessProxy', description: 'A reverse proxy that checks who its users are.' },
);
export type AccessProxy = Static<typeof AccessProxy>;

export const OPEN_ENDPOINTS = ['health', 'ready', 'version', 'metrics', 'api-docs'] as const;

export const AccessSettings = Type.Object(
  {
    tokens: Type.Optional(Type.Record(Type.String(), AccessToken, { description: 'Tokens by name.' })),
    certificates: Type.Optional(
      Type.Record(Type.String(), AccessCertificate, { description: 'Client certificates by name.' }),
    ),
    proxy: Type.Optional(AccessProxy),
    destinations: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description:
          'Hosts of clusters that restore requests may describe themselves: names, addresses, or *.example.net for all ' +
          'names below. Any without it; none if it is empty.',
        uniqueItems: true,
      }),
    ),
    open: Type.Optional(
      Type.Array(Type.Enum([...OPEN_ENDPOINTS], { type: 'string' }), {
        description: 'Endpoints that need no credentials. All of these without it.',
        uniqueItems: true,
      }),
    ),
  },
  {
    ...STRICT,
    title: 'AccessSettings',
    description:
      'Who may do what. Without it everyone may use /v1, and /v2 and /ui answer this machine only. It is changed at ' +
      'the source alone, not through the API.',
  },
);
export type AccessSettings = Static<typeof AccessSettings>;
