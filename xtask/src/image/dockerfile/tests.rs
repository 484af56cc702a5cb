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
    let images = [
        (spec("a-service"), vec!["a-service".to_owned()]),
        (spec("B-service"), vec!["b-worker".to_owned(), "b-service".to_owned()]),
    ];
    Dockerfile {
        toolchain: "rust:1.95.0-slim-bookworm",
        build: &Command::cargo("/w").args(["build", "--locked", "--config", "a = \"b\""]),
        names_target,
        members: &["a-service".to_owned(), "kit".to_owned()],
        images: &images,
    }
    .render()
}

#[test]
fn dependencies_come_before_sources_and_every_service_after_one_build() {
    insta::assert_snapshot!(render(true), @r##"
    # Written by `cargo xtask docker`: changes here are lost. By hand, in this folder:
    #   docker build --file Dockerfile --target SERVICE context
    FROM rust:1.95.0-slim-bookworm AS xtask-builder
    ENV CARGO_HOME=/cargo CARGO_TARGET_DIR=/target
    WORKDIR /build

    # The dependencies: made again only when a manifest or the lock file has changed.
    COPY skeleton/ ./
    RUN --mount=type=cache,target=/cargo/registry --mount=type=cache,target=/cargo/git \
        --mount=type=secret,id=cargo-config,target=/cargo/config.toml \
        cargo build --locked --config 'a = "b"' \
        && cargo clean --quiet --release --target host-tuple --package a-service --package kit

    # All services in one go.
    COPY sources/ ./
    RUN --mount=type=cache,target=/cargo/registry --mount=type=cache,target=/cargo/git \
        --mount=type=secret,id=cargo-config,target=/cargo/config.toml \
        cargo build --locked --config 'a = "b"' \
        && mkdir /programs \
        && cp /target/*/release/a-service /target/*/release/b-service /target/*/release/b-worker /programs/

    FROM scratch AS xtask-programs
    COPY --from=xtask-builder /programs/ /

    FROM scratch AS a-service
    COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
    COPY --from=xtask-builder /programs/a-service /usr/local/bin/
    ENV GIT_COMMIT="0123"
    LABEL org.opencontainers.image.title="the \"\$HOME\" of\\  them"
    EXPOSE 8081
    USER 65532:65532
    ENTRYPOINT ["/usr/local/bin/a-service"]

    FROM scratch AS b-service
    COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
    COPY --from=xtask-builder /programs/b-service /programs/b-worker /usr/local/bin/
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
    assert!(
        text.contains("cp /target/release/a-service /target/release/b-service /target/release/b-worker /programs/")
    );
    assert!(text.contains("&& cargo clean --quiet --release --package a-service --package kit\n"), "{text}");
}
