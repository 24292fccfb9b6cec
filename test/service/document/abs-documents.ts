/** Documents as users of ABS 3.3 to 3.7 have them. */

export const ALL_STORAGES = `
# yaml-language-server: $schema=https://example.com/schema.json
service:
  http: { address: 0.0.0.0, port: 8080, context-path: /, timeout: 5000, rate: { tps: 1024, size: 1024, white-list: [] } }
  logger: { level: DEBUG, format: PLAIN, stdout-writer: true, file-writer: { filename: /var/log/abs/abs.log, maxsize: 100 } }
aerospike-clusters:
  cluster1:
    label: production
    seed-nodes:
      - host-name: db1.example.com
        port: 3000
      - host-name: 10.0.0.2
        port: 3000
        tls-name:
    conn-timeout: 5000
    use-services-alternate: false
    max-parallel-scans: 64
    credentials: { user: backup, password: 1234, auth-mode: INTERNAL }
storage:
  local: { local-storage: { path: /var/lib/aerospike-backup-service/ } }
  minio:
    s3-storage:
      bucket: as-backup-bucket
      path: backups
      s3-region: eu-central-1
      s3-profile: minio
      s3-endpoint-override: http://host.docker.internal:9000
      s3-log-level: OFF
      min-part-size: 5242880
      max-async-connections: 16
      access-key-id: AKIA
      secret-access-key: secretsecret
      storage-class: { data: STANDARD_IA, metadata: STANDARD }
  s3-default: { s3-storage: { bucket: b, s3-region: us-east-1, s3-endpoint-override: "", s3-profile: "" } }
  gcp: { gcp-storage: { bucket-name: b, path: p, key-file-path: /etc/key.json, storage-class: { data: COLDLINE } } }
  gcp-emulator: { gcp-storage: { bucket-name: b, endpoint: "http://127.0.0.1:4443", min-part-size: 262144 } }
  azure-key: { azure-storage: { container-name: c, endpoint: "https://a.blob.core.windows.net/", account-name: a, account-key: a2V5 } }
  azure-app: { azure-storage: { container-name: c, endpoint: "https://a.blob.core.windows.net/", tenant-id: t, client-id: i, client-secret: s, storage-class: { data: Cool, metadata: Hot } } }
  azure-sas: { azure-storage: { container-name: c, endpoint: "https://a.blob.core.windows.net/?sv=1&sig=abc" } }
backup-policies:
  keepFilesPolicy: {}
  everything:
    parallel: 16
    parallel-write: 4
    socket-timeout: 1000
    total-timeout: 2000
    retry-policy: { base-timeout: 500, multiplier: 1, max-retries: 3 }
    retention: { full: 10, incremental: 5 }
    no-records: false
    no-indexes: true
    no-udfs: true
    bandwidth: 10000
    records-per-second: 1000
    file-limit: 1000
    encryption: { mode: NONE }
    compression: { mode: ZSTD, level: 20 }
    sealed: true
    concurrent-incremental: true
    with-cluster-configuration: true
    compact: true
    max-concurrent-nodes: 2
    use-scan-compression: true
    incr-mode: Cumulative
backup-routines:
  nightly:
    source-cluster: cluster1
    storage: minio
    backup-policy: everything
    interval-cron: "@daily"
    incr-interval-cron: "*/10 * * * * *"
    namespaces: []
    set-list: [backupSet]
    bin-list: [backupBin]
    partition-list: 0,100,20-10
    disabled: true
  nodes:
    source-cluster: cluster1
    storage: local
    backup-policy: keepFilesPolicy
    interval-cron: 0 0 1 ? * MON-FRI
    incr-interval-cron: 0 0/30 * * * ? *
    namespaces: [test, source-ns1]
    node-list: ["10.0.0.1:3000", "BB9020011AC4202"]
    schedule-timezone: Europe/Berlin
  racks: { source-cluster: cluster1, storage: gcp, interval-cron: "@weekly", namespaces: [test], rack-list: [1, 2] }
`;

export const AGENTS_AND_TLS = `
secret-agents:
  tcp-agent: { connection-type: tcp, address: localhost, port: 3005, timeout: 5000, ca-file: /ca.pem, is-base64: yes }
  old-agent: { connection-type: tcp, address: "sa:3005", tls-ca-file: /ca.pem }
  socket-agent: { connection-type: unix, address: /run/sa.sock }
aerospike-clusters:
  tls:
    seed-nodes: [{ host-name: db, port: 4333, tls-name: db.example.com }]
    tls:
      ca-file: /etc/ca.pem
      name: db.example.com
      protocols: -all +TLSv1.2
      cipher-suite: ECDHE-ECDSA-AES256-GCM-SHA384
      cert-file: /etc/cert.pem
      key-file: /etc/key.pem
      key-file-password: secrets:tls:password
    credentials: { user: u, password: "secrets:db:password", auth-mode: EXTERNAL, secret-agent-name: tcp-agent }
    prefer-racks: [2, 1]
  pki:
    seed-nodes: [{ host-name: db, port: 4333 }]
    tls: { ca-path: /etc/ssl/certs, cert-file: /etc/cert.pem, key-file: /etc/key.pem, protocols: TLSv1.2 }
    credentials: { auth-mode: PKI }
  from-file:
    seed-nodes: [{ host-name: db, port: 3000 }]
    credentials: { user: u, password-path: /run/secrets/password }
storage:
  inline:
    s3-storage:
      bucket: b
      s3-region: eu-west-1
      access-key-id: secrets:s3:id
      secret-access-key: secrets:s3:key
      secret-agent: { connection-type: tcp, address: localhost, port: 3005 }
backup-policies:
  encrypted: { encryption: { mode: AES256, key-secret: "secrets:backup:key" } }
  from-env: { encryption: { mode: AES128, key-env: KEY } }
  from-file: { encryption: { mode: AES128, key-file: /etc/key.pem } }
backup-routines:
  r:
    source-cluster: tls
    storage: inline
    backup-policy: encrypted
    secret-agent: socket-agent
    interval-cron: 0 0 1 * * *
    namespaces: [ns]
`;

/** A service of 3.7, with an HTTPS listener. */
export const HTTPS = `
service:
  http: { disabled: true }
  https:
    port: 8443
    cert-file: /etc/abs/cert.pem
    key-file: /etc/abs/key.pem
    key-file-password: pw
    min-version: "1.3"
    client-auth: require-and-verify
    client-ca-file: /etc/abs/ca.pem
    rate: { white-list: [10.0.0.0/8, "::1"] }
  backup: { timestamp-format: ISO, schedule-timezone: local }
backup-routines:
`;

export const DEFAULTS_BY_ANCHOR = `
backup-policies:
  base: &base { parallel: 4, retention: { full: 2 } }
  more: { <<: *base, sealed: on }
`;
