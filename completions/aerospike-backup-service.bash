# bash completion for aerospike-backup-service; made of its option table by "npm run docs".

_aerospike-backup-service() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  # An option, its equals sign and its value are three words here.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]] && ((COMP_CWORD > 1)); then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $previous in
    -c | --config)
      return
      ;;
    --data-directory)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
  esac
  if [[ $current == -* || -z $current ]]; then
    mapfile -t COMPREPLY < <(compgen -W '
      --config --remote --check-config --data-directory --help --version
    ' -- "$current")
  fi
}

complete -F _aerospike-backup-service aerospike-backup-service
