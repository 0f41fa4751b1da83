# Parley's image: built in one stage, the web client in another, and a runtime with the broker, its libraries and nothing that runs a shell script.
ARG DEBIAN=docker.io/library/debian:bookworm-slim

FROM ${DEBIAN} AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      g++ cmake ninja-build pkg-config ca-certificates libuv1-dev node-llhttp libwslay-dev libcjson-dev libpq-dev libhiredis-dev \
      prometheus-cpp-dev libsqlite3-dev libssl-dev libjwt-dev libsodium-dev libcli11-dev libspdlog-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json ./
COPY broker broker
COPY http http
COPY storage storage
COPY scripts scripts
# The load tester is another target; it is built where it is there.
COPY loadtes[t] loadtest
RUN cmake --preset release && cmake --build --preset release && strip build/release/parley
# What the runtime stage copies: the program, exactly the libraries that it is linked with, and the list of both (CycloneDX).
RUN scripts/lib/collect_runtime build/release/parley /runtime

FROM ${DEBIAN} AS web
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nodejs npm ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /src/webclient
COPY webclient .
RUN npm ci --no-audit --no-fund && npm run build

FROM scratch AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Parley" \
      org.opencontainers.image.description="A pub/sub broker made for chat" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="scratch"
COPY --from=build /runtime /
COPY --from=web /src/webclient/dist /usr/share/parley/web
ENV PARLEY_LISTEN=0.0.0.0:8080 PARLEY_METRICS_LISTEN=0.0.0.0:9090 PARLEY_DATA_DIR=/var/lib/parley PARLEY_LOG_FORMAT=json
USER 10001:10001
VOLUME /var/lib/parley
EXPOSE 8080 9090 1883 8883
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["/usr/bin/parley", "check-health"]
ENTRYPOINT ["/usr/bin/parley"]
CMD ["serve"]
