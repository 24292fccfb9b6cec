# asbackup and asrestore in a container. What builds them stays behind in the first stage; zstd is that of Node.js.
#
#   docker build -t asbackup .
#   docker run --rm --network host -v /backups:/backups asbackup asbackup -n test -d /backups/test
#   docker run -d --network host -v /backups:/backups -v /etc/aerospike-backup-service:/etc/aerospike-backup-service \
#     asbackup aerospike-backup-service -c /etc/aerospike-backup-service/aerospike-backup-service.yml
#
# The user `node` (uid 1000) runs the commands: /backups must be writable for it, or add --user "$(id -u):$(id -g)".

FROM node:22-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 make g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY scripts/build-zstd scripts/build-zstd
RUN npm ci --no-audit && scripts/build-zstd
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:22-slim
WORKDIR /opt/asbackup
COPY --from=build /src/package.json /src/LICENSE ./
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/bin bin
COPY --from=build /src/dist dist
RUN rm -rf dist/node \
 && ln -s /opt/asbackup/bin/asb /opt/asbackup/bin/asbackup /opt/asbackup/bin/asrestore \
      /opt/asbackup/bin/aerospike-backup-service /usr/local/bin/ \
 && mkdir /backups && chown node:node /backups
USER node
WORKDIR /backups
VOLUME /backups
CMD ["asbackup", "--help"]
