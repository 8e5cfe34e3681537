# Driftwatch in a small image: the program with Swift's runtime inside, OpenSSH's client, time zones and certificates.

FROM swift:6.3-bookworm AS build
RUN apt-get -q update \
 && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
        libcurl4-openssl-dev libpq-dev libssl-dev pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The dependencies change less often than the code: they are a layer of their own.
COPY Package.swift ./
RUN swift package resolve
COPY . .
RUN swift build --configuration release --product driftwatch --static-swift-stdlib \
 && install -D -s -m 0755 "$(swift build --configuration release --show-bin-path)/driftwatch" /out/driftwatch

FROM debian:bookworm-slim
RUN apt-get -q update \
 && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
        ca-certificates libcurl4 libpq5 libssl3 libstdc++6 openssh-client tzdata \
 && rm -rf /var/lib/apt/lists/*
# A fixed number, so that files outside can be made readable to it. It has an entry in the account database: ssh refuses
# to run for a number that has none.
RUN groupadd --gid 10001 driftwatch \
 && useradd --uid 10001 --gid 10001 --home-dir /home/driftwatch --create-home --shell /usr/sbin/nologin driftwatch
COPY --from=build /out/driftwatch /usr/local/bin/driftwatch
COPY LICENSE /usr/share/doc/driftwatch/LICENSE
USER 10001:10001
WORKDIR /home/driftwatch
ENTRYPOINT ["driftwatch"]
CMD ["run"]
STOPSIGNAL SIGTERM
# Of `run`, the four processes in one; the Compose file asks for the one that each service is.
HEALTHCHECK --interval=30s --timeout=20s --start-period=30s --retries=3 \
    CMD for process in scheduler worker notifier web; do driftwatch healthcheck "$process" || exit 1; done
