# fish completion for aerospike-backup-service; made of its option table by "npm run docs".

complete -c aerospike-backup-service -f
complete -c aerospike-backup-service -s c -l config -x -d 'Where the configuration (YAML) is'
complete -c aerospike-backup-service -s r -l remote -d 'What --config names describes a storage, whose path is that of the configuration'
complete -c aerospike-backup-service -l check-config -d 'Read and check the configuration, say everything that is wrong with it, and exit'
complete -c aerospike-backup-service -l data-directory -r -F -d 'Keep restore jobs in this directory, so that their status is known after a restart'
complete -c aerospike-backup-service -s h -l help -d 'Show this help and exit'
complete -c aerospike-backup-service -s v -l version -d 'Show the version and exit'
