use super::*;

fn spec(service: &str) -> ImageSpec {
    ImageSpec {
        service: service.to_owned(),
        program: service.to_owned(),
        user: "65532:65532".to_owned(),
        port: Some(8081),
        env: [("GIT_COMMIT".to_owned(), "0123".to_owned())].into(),
        labels: [("org.opencontainers.image.title".to_owned(), "the \"$HOME\" of\\\n them".to_owned())].into(),
        ..ImageSpec::default()
    }
}

fn render(names_target: bool) -> String {
    let built = |service: &str, programs: &[&str], target: &str| Built {
        spec: spec(service),
        programs: programs.iter().map(|program| (*program).to_owned()).collect(),
        target: target.to_owned(),
    };
    let images = [
        built("a-service", &["a-service"], TARGET),
        built("B-service", &["b-worker", "b-service"], "/apart/B-service"),
    ];
    Dockerfile {
        toolchain: "rust:1.95.0-slim-bookworm",
        builds: &[
            Command::cargo("/w").args(["build", "--locked", "--config", "a = \"b\""]),
            Command::cargo("/w").args(["build", "--target-dir", "/apart/B-service"]),
        ],
        names_target,
        members: &["a-service".to_owned(), "kit".to_owned()],
        images: &images,
    }
    .render()
}

#[test]
fn dependencies_come_before_sources_and_every_service_after_one_build() {
    insta::assert_snapshot!(render(true), @r##"
    # Written by `cargo xtask docker`: changes here are lost. By hand, in this directory:
    #   docker build --file Dockerfile --target SERVICE context
    FROM rust:1.95.0-slim-bookworm AS xtask-builder
    ENV CARGO_HOME=/cargo CARGO_TARGET_DIR=/target
    WORKDIR /build

    # The dependencies: made again only when a manifest or the lock file has changed.
    COPY skeleton/ ./
    RUN --mount=type=cache,target=/cargo/registry --mount=type=cache,target=/cargo/git \
        --mount=type=secret,id=cargo-config,target=/cargo/config.toml \
        cargo build --locked --config 'a = "b"' \
        && cargo build --target-dir /apart/B-service \
        && cargo clean --quiet --release --target host-tuple --package a-service --package kit

    # All services in one go.
    COPY sources/ ./
    RUN --mount=type=cache,target=/cargo/registry --mount=type=cache,target=/cargo/git \
        --mount=type=secret,id=cargo-config,target=/cargo/config.toml \
        cargo build --locked --config 'a = "b"' \
        && cargo build --target-dir /apart/B-service \
        && mkdir -p /programs/a-service && cp /target/*/release/a-service /programs/a-service/ \
        && mkdir -p /programs/b-service && cp /apart/B-service/*/release/b-service /apart/B-service/*/release/b-worker /programs/b-service/

    FROM scratch AS xtask-programs
    COPY --from=xtask-builder /programs/ /

    FROM scratch AS a-service
    COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
    COPY --from=xtask-builder /programs/a-service/ /usr/local/bin/
    ENV GIT_COMMIT="0123"
    LABEL org.opencontainers.image.title="the \"\$HOME\" of\\  them"
    EXPOSE 8081
    USER 65532:65532
    ENTRYPOINT ["/usr/local/bin/a-service"]

    FROM scratch AS b-service
    COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
    COPY --from=xtask-builder /programs/b-service/ /usr/local/bin/
    ENV GIT_COMMIT="0123"
    LABEL org.opencontainers.image.title="the \"\$HOME\" of\\  them"
    EXPOSE 8081
    USER 65532:65532
    ENTRYPOINT ["/usr/local/bin/B-service"]
    "##);
}

#[test]
fn without_a_target_programs_lie_right_in_the_folder() {
    let text = render(false);
    assert!(text.contains("cp /target/release/a-service /programs/a-service/"));
    assert!(text.contains("&& cargo clean --quiet --release --package a-service --package kit\n"), "{text}");
}
