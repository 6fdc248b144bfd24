# The image for TCP events with plugins out of images that hold them.
#
#   docker build -f packaging/tcp/composed.Dockerfile -t my-tcp-audit:1 packaging/tcp
ARG BASE=netscribe-tcp:0.1.0
ARG SOURCE=netscribe-source-replay:0.1.0
FROM ${SOURCE} AS source
FROM ${BASE}
COPY --from=source /plugin /plugins/node_modules/netscribe-source-replay
CMD ["--event", "netscribe-source-replay?file=/data/changes.txt", "--to", "ndjson:-"]
