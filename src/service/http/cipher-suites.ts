/** Those of TLS 1.3, all of them secure. They cannot be switched off. */
const TLS13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** Names that a configuration may have (those of IANA, as in ABS) with the names of OpenSSL. */
const TLS12: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
};
/** Without being named, only those that authenticate what they encrypt. */
const DEFAULT_TLS12 = Object.values(TLS12).filter((name) => /GCM|CHACHA20/.test(name));

/** Suites that a server may be configured with: forward secret and without known attacks. */
export const SECURE_SUITES: readonly string[] = [...TLS13, ...Object.keys(TLS12)];

/**
 * The list of ciphers for OpenSSL.
 *
 * @param suites names of SECURE_SUITES; others are left out, as the validation of the configuration reports them
 */
export function cipherList(suites: readonly string[] | undefined): string {
  const chosen = suites?.flatMap((name) => (Object.hasOwn(TLS12, name) ? [TLS12[name]!] : [])) ?? [];
  return [...TLS13, ...(suites === undefined || suites.length === 0 ? DEFAULT_TLS12 : chosen)].join(':');
}
