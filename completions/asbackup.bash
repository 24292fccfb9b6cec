# bash completion for asbackup; made of its option table by "npm run docs".

_asbackup() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  # An option, its equals sign and its value are three words here.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]] && ((COMP_CWORD > 1)); then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $previous in
    -h | --host | -p | --port | -U | --user | --tls-name | --tlsName | --tls-protocols | --tlsProtocols | --tls-cipher-suite | --tlsCipherSuite | -n | --namespace | -s | --set | -B | --bin-list | -a | --modified-after | -b | --modified-before | -f | --filter-exp | -M | --max-records | -X | --partition-list | -D | --after-digest | -l | --node-list | --shard | --prefer-racks | -q | --output-file-prefix | -F | --file-limit | --file-mode | --dir-mode | --checkpoint-interval | --estimate-samples | -w | --parallel | -N | --nice | -L | --records-per-second | --socket-timeout | --total-timeout | --max-retries | --stall-timeout | --sleep-between-retries | --retry-delay | --encryption-key-env | --compression-level | --s3-region | --s3-profile | --s3-endpoint-override | --s3-max-async-downloads | --s3-connect-timeout | --s3-min-part-size | --s3-max-async-uploads | --s3-access-key-id | --s3-secret-access-key | --s3-retry-max-attempts | --s3-retry-max-backoff | --s3-retry-read-max-attempts | --s3-retry-read-backoff | --s3-retry-read-multiplier | --s3-max-conns-per-host | --s3-request-timeout | --s3-customer-key | --s3-kms-key-id | --s3-object-lock-days | --s3-tags | --gcp-endpoint-override | --gcp-max-async-downloads | --gcp-retry-max-attempts | --gcp-retry-init-backoff | --gcp-retry-max-backoff | --gcp-retry-backoff-multiplier | --gcp-retry-read-max-attempts | --gcp-retry-read-backoff | --gcp-retry-read-multiplier | --gcp-max-conns-per-host | --gcp-request-timeout | --gcp-customer-key | --gcp-kms-key | --gcp-chunk-size | --gcp-max-async-uploads | --azure-account-name | --azure-account-key | --azure-endpoint | --azure-tenant-id | --azure-client-id | --azure-client-secret | --azure-customer-key | --azure-max-async-downloads | --azure-retry-max-attempts | --azure-retry-delay | --azure-retry-max-delay | --azure-retry-read-max-attempts | --azure-retry-read-backoff | --azure-retry-read-multiplier | --azure-max-conns-per-host | --azure-request-timeout | --azure-block-size | --azure-upload-concurrency | --instance | --sa-address | --sa-port | --sa-timeout | --sa-tls-name)
      return
      ;;
    -A | --auth)
      mapfile -t COMPREPLY < <(compgen -W 'INTERNAL EXTERNAL EXTERNAL_INSECURE PKI' -- "$current")
      return
      ;;
    --tls-cafile | --tlsCaFile | --tls-cert-blacklist | --tls-cert-blackList | --tlsCertBlackList | --tls-keyfile | --tlsKeyFile | --tls-certfile | --tlsCertFile | -o | --output-file | -c | --continue | --state-file-dst | --encryption-key-file | --s3-ca-file | --gcp-key-path | --config-file | --only-config-file | --sa-cafile | -m | --machine)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    --tls-capath | --tlsCaPath | -d | --directory)
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
    --s3-storage-class)
      mapfile -t COMPREPLY < <(compgen -W 'STANDARD REDUCED_REDUNDANCY STANDARD_IA ONEZONE_IA INTELLIGENT_TIERING GLACIER DEEP_ARCHIVE OUTPOSTS GLACIER_IR SNOW EXPRESS_ONEZONE' -- "$current")
      return
      ;;
    --s3-server-side-encryption)
      mapfile -t COMPREPLY < <(compgen -W 'AES256 aws:kms aws:kms:dsse' -- "$current")
      return
      ;;
    --s3-object-lock-mode)
      mapfile -t COMPREPLY < <(compgen -W 'GOVERNANCE COMPLIANCE' -- "$current")
      return
      ;;
    --gcp-storage-class)
      mapfile -t COMPREPLY < <(compgen -W 'STANDARD NEARLINE COLDLINE ARCHIVE' -- "$current")
      return
      ;;
    --azure-access-tier)
      mapfile -t COMPREPLY < <(compgen -W 'Hot Cool Cold Archive' -- "$current")
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
      --tls-keyfile-password --tls-certfile --namespace --set --bin-list --no-bins --no-records
      --no-indexes --no-udfs --modified-after --modified-before --no-ttl-only --filter-exp
      --max-records --partition-list --after-digest --node-list --shard --prefer-racks --directory
      --output-file --output-file-prefix --file-limit --remove-files --manifest --remove-artifacts
      --compact --file-mode --dir-mode --continue --state-file-dst --checkpoint-interval --estimate
      --estimate-samples --parallel --nice --records-per-second --socket-timeout --total-timeout
      --max-retries --stall-timeout --sleep-between-retries --compress --encrypt
      --encryption-key-file --encryption-key-env --compression-level --s3-region --s3-profile
      --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level
      --s3-allow-system-proxy --s3-min-part-size --s3-max-async-uploads --s3-access-key-id
      --s3-secret-access-key --s3-credential-order --s3-retry-max-attempts --s3-retry-max-backoff
      --s3-retry-read-max-attempts --s3-retry-read-backoff --s3-retry-read-multiplier
      --s3-max-conns-per-host --s3-request-timeout --s3-ca-file --s3-customer-key --s3-virtual-host
      --s3-storage-class --s3-server-side-encryption --s3-kms-key-id --s3-object-lock-mode
      --s3-object-lock-days --s3-tags --s3-calculate-checksum --gcp-key-path --gcp-credential-order
      --gcp-endpoint-override --gcp-max-async-downloads --gcp-retry-max-attempts
      --gcp-retry-init-backoff --gcp-retry-max-backoff --gcp-retry-backoff-multiplier
      --gcp-retry-read-max-attempts --gcp-retry-read-backoff --gcp-retry-read-multiplier
      --gcp-max-conns-per-host --gcp-request-timeout --gcp-customer-key --gcp-allow-system-proxy
      --gcp-storage-class --gcp-kms-key --gcp-chunk-size --gcp-max-async-uploads
      --gcp-calculate-checksum --azure-account-name --azure-account-key --azure-endpoint
      --azure-tenant-id --azure-client-id --azure-client-secret --azure-credential-order
      --azure-customer-key --azure-max-async-downloads --azure-retry-max-attempts
      --azure-retry-delay --azure-retry-max-delay --azure-retry-read-max-attempts
      --azure-retry-read-backoff --azure-retry-read-multiplier --azure-max-conns-per-host
      --azure-request-timeout --azure-allow-system-proxy --azure-access-tier --azure-block-size
      --azure-upload-concurrency --azure-calculate-checksum --instance --config-file
      --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile
      --sa-tls-name --machine --verbose --log-json --progress --help --version
    ' -- "$current")
  fi
}

complete -F _asbackup asbackup
