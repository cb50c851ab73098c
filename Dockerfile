# One image for every part: the arguments choose it (cim route, cim server, cim chat, ...).
FROM swift:6.3-bookworm AS build
RUN apt-get update \
  && apt-get install --yes --no-install-recommends \
    libedit-dev libhiredis-dev libnghttp2-dev libprotobuf-c-dev libzookeeper-mt-dev pkg-config zlib1g-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /cim
# The dependencies are a layer of their own: fetched anew only when the package changes.
COPY Package.swift Package.resolve[d] ./
RUN swift package resolve
COPY Generated Generated
COPY Sources Sources
COPY Tests Tests
RUN swift build --configuration release --product cim --static-swift-stdlib \
  && strip -o /usr/local/bin/cim "$(swift build --configuration release --show-bin-path)/cim"

FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends \
    ca-certificates libedit2 libhiredis0.14 libnghttp2-14 libprotobuf-c1 libstdc++6 libzookeeper-mt2 zlib1g \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/cim /usr/local/bin/cim
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
ENTRYPOINT ["cim"]
