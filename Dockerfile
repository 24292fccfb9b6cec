# The tools and the service in a container. What builds them stays behind in the first stage.
#
#   docker build -t asbackup .
#   docker run --rm --network host -v /backups:/backups asbackup asbackup -n test -d /backups/test
#   docker run -d --network host -v /backups:/backups -v /etc/aerospike-backup-service:/etc/aerospike-backup-service asbackup
#
# It runs as uid and gid 65532: /backups must be writable for it, or add --user "$(id -u):$(id -g)". With --read-only only
# volumes are written to; the service needs none but those of its storages. docs/guide/docker.md has more.

FROM node:22-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 make g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY scripts/build-zstd scripts/build-zstd
RUN npm ci --no-audit && scripts/build-zstd
COPY . .
# What /version of the service tells: --build-arg BUILD_COMMIT=$(git rev-parse --short HEAD)
ARG BUILD_COMMIT=
RUN npm run build \
 && mkdir /app \
 && cp -r package.json LICENSE bin dist /app \
 && rm -rf /app/dist/node \
 && node scripts/packages/copy-modules.js /app/node_modules

FROM node:22-slim
COPY --from=build /app /opt/asbackup
COPY packaging/container /opt/asbackup/container
COPY examples/asbackup-nightly /usr/local/bin/
RUN ln -s /opt/asbackup/bin/asb /opt/asbackup/bin/asbackup /opt/asbackup/bin/asrestore \
      /opt/asbackup/bin/aerospike-backup-service /usr/local/bin/ \
 && mkdir -p /backups /etc/aerospike-backup-service /var/lib/aerospike-backup-service \
 && chown 65532:65532 /backups /etc/aerospike-backup-service /var/lib/aerospike-backup-service
USER 65532:65532
# With an arena of malloc for each thread, the memory of threads that have ended stays with the service.
ENV HOME=/tmp MALLOC_ARENA_MAX=2
WORKDIR /backups
VOLUME /backups
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["/opt/asbackup/container/healthcheck"]
ENTRYPOINT ["/opt/asbackup/container/entrypoint"]
CMD ["-c", "/etc/aerospike-backup-service/aerospike-backup-service.yml"]
