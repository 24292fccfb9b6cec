# bash completion for asrestore; made of its option table by "npm run docs".

_asrestore() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  # An option, its equals sign and its value are three words here.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]] && ((COMP_CWORD > 1)); then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $previous in
    -h | --host | -p | --port | -U | --user | --tls-name | --tlsName | --tls-protocols | --tlsProtocols | --tls-cipher-suite | --tlsCipherSuite | --shard | --shard-wait | -n | --namespace | -s | --set-list | -B | --bin-list | --extra-ttl | -t | --parallel | --threads | -N | --nice | --batch-size | --max-async-batches | --event-loops | -T | --timeout | --socket-timeout | --total-timeout | --max-retries | --retry-scale-factor | --stall-timeout | --sleep-between-retries | --retry-delay | --encryption-key-env | --s3-region | --s3-profile | --s3-endpoint-override | --s3-max-async-downloads | --s3-connect-timeout | --s3-access-key-id | --s3-secret-access-key | --s3-retry-max-attempts | --s3-retry-max-backoff | --s3-retry-read-max-attempts | --s3-retry-read-backoff | --s3-retry-read-multiplier | --s3-max-conns-per-host | --s3-request-timeout | --s3-customer-key | --s3-restore-poll-duration | --gcp-endpoint-override | --gcp-max-async-downloads | --gcp-retry-max-attempts | --gcp-retry-init-backoff | --gcp-retry-max-backoff | --gcp-retry-backoff-multiplier | --gcp-retry-read-max-attempts | --gcp-retry-read-backoff | --gcp-retry-read-multiplier | --gcp-max-conns-per-host | --gcp-request-timeout | --gcp-customer-key | --azure-account-name | --azure-account-key | --azure-endpoint | --azure-tenant-id | --azure-client-id | --azure-client-secret | --azure-customer-key | --azure-max-async-downloads | --azure-retry-max-attempts | --azure-retry-delay | --azure-retry-max-delay | --azure-retry-read-max-attempts | --azure-retry-read-backoff | --azure-retry-read-multiplier | --azure-max-conns-per-host | --azure-request-timeout | --azure-rehydrate-poll-duration | --instance | --sa-address | --sa-port | --sa-timeout | --sa-tls-name)
      return
      ;;
    -A | --auth)
      mapfile -t COMPREPLY < <(compgen -W 'INTERNAL EXTERNAL EXTERNAL_INSECURE PKI' -- "$current")
      return
      ;;
    --tls-cafile | --tlsCaFile | --tls-cert-blacklist | --tls-cert-blackList | --tlsCertBlackList | --tls-keyfile | --tlsKeyFile | --tls-certfile | --tlsCertFile | -i | --input-file | --encryption-key-file | --s3-ca-file | --gcp-key-path | --config-file | --only-config-file | --sa-cafile | -m | --machine)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    --tls-capath | --tlsCaPath | -d | --directory | --directory-list | --parent-directory)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return
      ;;
    -z | --compress)
      mapfile -t COMPREPLY < <(compgen -W 'zstd' -- "$current")
      return
      ;;
    -y | --encrypt)
      mapfile -t COMPREPLY < <(compgen -W 'aes128 aes256' -- "$current")
      return
      ;;
    --s3-log-level)
      mapfile -t COMPREPLY < <(compgen -W 'Off Fatal Error Warn Info Debug Trace' -- "$current")
      return
      ;;
    --s3-credential-order | --gcp-credential-order | --azure-credential-order)
      mapfile -t COMPREPLY < <(compgen -W 'static-first ambient-first' -- "$current")
      return
      ;;
    --s3-tier)
      mapfile -t COMPREPLY < <(compgen -W 'Standard Bulk Expedited' -- "$current")
      return
      ;;
    --azure-access-tier)
      mapfile -t COMPREPLY < <(compgen -W 'Hot Cool Cold' -- "$current")
      return
      ;;
    --progress)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current")
      return
      ;;
  esac
  if [[ $current == -* || -z $current ]]; then
    mapfile -t COMPREPLY < <(compgen -W '
      --host --port --services-alternate --user --password --auth --tls-enable --tls-name
      --tls-cafile --tls-capath --tls-protocols --tls-cipher-suite --tls-crl-check
      --tls-crl-check-all --tls-cert-blacklist --tls-log-session-info --tls-keyfile
      --tls-keyfile-password --tls-certfile --directory --directory-list --parent-directory
      --input-file --shard --shard-wait --namespace --set-list --bin-list --no-records --no-indexes
      --no-udfs --unique --replace --no-generation --apply-increment --extra-ttl
      --ignore-record-error --allow-incomplete --indexes-last --wait --parallel --nice
      --disable-batch-writes --batch-size --max-async-batches --event-loops --timeout
      --socket-timeout --total-timeout --max-retries --retry-scale-factor --stall-timeout
      --sleep-between-retries --compress --encrypt --encryption-key-file --encryption-key-env
      --s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout
      --s3-log-level --s3-allow-system-proxy --s3-access-key-id --s3-secret-access-key
      --s3-credential-order --s3-retry-max-attempts --s3-retry-max-backoff
      --s3-retry-read-max-attempts --s3-retry-read-backoff --s3-retry-read-multiplier
      --s3-max-conns-per-host --s3-request-timeout --s3-ca-file --s3-customer-key --s3-virtual-host
      --s3-tier --s3-restore-poll-duration --gcp-key-path --gcp-credential-order
      --gcp-endpoint-override --gcp-max-async-downloads --gcp-retry-max-attempts
      --gcp-retry-init-backoff --gcp-retry-max-backoff --gcp-retry-backoff-multiplier
      --gcp-retry-read-max-attempts --gcp-retry-read-backoff --gcp-retry-read-multiplier
      --gcp-max-conns-per-host --gcp-request-timeout --gcp-customer-key --gcp-allow-system-proxy
      --azure-account-name --azure-account-key --azure-endpoint --azure-tenant-id --azure-client-id
      --azure-client-secret --azure-credential-order --azure-customer-key
      --azure-max-async-downloads --azure-retry-max-attempts --azure-retry-delay
      --azure-retry-max-delay --azure-retry-read-max-attempts --azure-retry-read-backoff
      --azure-retry-read-multiplier --azure-max-conns-per-host --azure-request-timeout
      --azure-allow-system-proxy --azure-access-tier --azure-rehydrate-poll-duration --instance
      --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout
      --sa-cafile --sa-tls-name --validate --machine --verbose --log-json --progress --help
      --version
    ' -- "$current")
  fi
}

complete -F _asrestore asrestore
