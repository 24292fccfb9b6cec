# bash completion for asb; made of the option tables by "npm run docs".

_asb() {
  local current=${COMP_WORDS[COMP_CWORD]} options
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W 'list show verify hold release diff merge export serve --help --version' -- "$current")
    return
  fi
  case ${COMP_WORDS[1]} in
    list) options='--state --from --to --s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level --s3-allow-system-proxy --instance --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile --sa-tls-name --json --verbose --log-json --progress --help --version' ;;
    show) options='--s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level --s3-allow-system-proxy --instance --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile --sa-tls-name --json --verbose --log-json --progress --help --version' ;;
    verify) options='--checksums-only --parallel --compress --encrypt --encryption-key-file --encryption-key-env --s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level --s3-allow-system-proxy --instance --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile --sa-tls-name --json --verbose --log-json --progress --help --version' ;;
    hold) options='--reason --s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level --s3-allow-system-proxy --instance --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile --sa-tls-name --json --verbose --log-json --progress --help --version' ;;
    release) options='--s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level --s3-allow-system-proxy --instance --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile --sa-tls-name --json --verbose --log-json --progress --help --version' ;;
    diff) options='--records --namespace --host --port --services-alternate --user --password --auth --tls-enable --tls-name --tls-cafile --tls-capath --tls-protocols --tls-cipher-suite --tls-crl-check --tls-crl-check-all --tls-cert-blacklist --tls-log-session-info --tls-keyfile --tls-keyfile-password --tls-certfile --temporary-directory --allow-incomplete --compress --encrypt --encryption-key-file --encryption-key-env --s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level --s3-allow-system-proxy --instance --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile --sa-tls-name --json --verbose --log-json --progress --help --version' ;;
    merge) options='--output-directory --file-limit --temporary-directory --allow-incomplete --compress --encrypt --encryption-key-file --encryption-key-env --s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level --s3-allow-system-proxy --instance --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile --sa-tls-name --json --verbose --log-json --progress --help --version' ;;
    export) options='--set-list --bin-list --format --output-file --typed --large-integers-as-strings --allow-incomplete --compress --encrypt --encryption-key-file --encryption-key-env --s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level --s3-allow-system-proxy --instance --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile --sa-tls-name --json --verbose --log-json --progress --help --version' ;;
    serve) options='--set-list --address --port --temporary-directory --allow-incomplete --compress --encrypt --encryption-key-file --encryption-key-env --s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level --s3-allow-system-proxy --instance --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile --sa-tls-name --json --verbose --log-json --progress --help --version' ;;
    *) return ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}

complete -F _asb asb
