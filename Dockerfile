# The session server in a container: docker build --build-arg COMMIT="$(git rev-parse --short HEAD)" -t millstream .
# docs/guide/deploy.md says how it is run.
ARG RUST=1.94

FROM rust:${RUST}-bookworm AS build
ARG COMMIT=
ENV MILLSTREAM_COMMIT=${COMMIT} CARGO_TARGET_DIR=/build
WORKDIR /src
COPY . .
# With what packs the command: where that is missing, the build ends before the compiler has run.
RUN scripts/setup dist
RUN cargo build --release --locked --workspace --bin millstream
RUN scripts/dist /build/release/millstream /build/dist tar \
    && mkdir -p /image/opt/millstream /image/var/lib/millstream \
    && tar -xzf /build/dist/millstream-*.tar.gz -C /image/opt/millstream --strip-components=1

FROM debian:bookworm-slim
# Who is trusted where TLS is spoken: to stores, brokers and clusters. The slim image has nobody.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /image/opt/millstream /opt/millstream
COPY --from=build --chown=10001:10001 /image/var/lib/millstream /var/lib/millstream
COPY packaging/container/config.yaml /opt/millstream/conf/config.yaml
COPY packaging/container/millstream-health /opt/millstream/bin/millstream-health
ENV PATH=/opt/millstream/bin:/usr/local/bin:/usr/bin:/bin HOME=/var/lib/millstream
USER 10001:10001
WORKDIR /var/lib/millstream
VOLUME ["/var/lib/millstream"]
EXPOSE 8081
STOPSIGNAL SIGTERM
# Asks for /readyz, which needs no token: the server's may be in a file, where it stands for nobody else to send.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["millstream-health"]
ENTRYPOINT ["millstream"]
# The log goes to both, so that `docker logs` has it and the volume keeps it.
CMD ["server", "--log-to", "both"]
