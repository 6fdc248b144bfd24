# An image that only holds a plugin, to copy it from: nothing in it runs.
#
#   docker build -f packaging/tcp/plugin.Dockerfile -t netscribe-source-replay:0.1.0 examples/source-replay
FROM scratch
COPY . /plugin
