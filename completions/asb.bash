# bash completion for asb; made of the option tables by "npm run docs".

_asb() {
  local current=${COMP_WORDS[COMP_CWORD]} options
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W 'list show --help --version' -- "$current")
    return
  fi
  case ${COMP_WORDS[1]} in
    list) options='--state --from --to --s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level --s3-allow-system-proxy --instance --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile --sa-tls-name --json --verbose --log-json --progress --help --version' ;;
    show) options='--s3-region --s3-profile --s3-endpoint-override --s3-max-async-downloads --s3-connect-timeout --s3-log-level --s3-allow-system-proxy --instance --config-file --no-config-file --only-config-file --sa-address --sa-port --sa-timeout --sa-cafile --sa-tls-name --json --verbose --log-json --progress --help --version' ;;
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
