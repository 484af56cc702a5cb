//! PostgreSQL and Redis, written exactly as a manifest would describe a further server.
//!
//! Both get a random password although they listen on the loopback only: anyone who reaches a PostgreSQL as its
//! superuser, or a Redis that accepts `CONFIG SET`, runs commands as the user who started it, and on a shared machine
//! every user can reach the loopback. The password is passed by file and by environment, never as an argument.

use serde_json::{Value, json};

/// The servers that every workspace gets.
pub(super) const NAMES: [&str; 2] = ["postgres", "redis"];

/// The table of a built-in server.
pub(super) fn table(name: &str) -> Option<Value> {
    match name {
        "postgres" => Some(postgres()),
        "redis" => Some(redis()),
        _ => None,
    }
}

fn postgres() -> Value {
    // Nothing outlives the run, so nothing needs to survive a power cut.
    let careless = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"];
    let careless = careless.iter().flat_map(|setting| ["-c", setting]);
    let local = [
        "-D",
        "{dir}/data",
        "-p",
        "{port}",
        "-c",
        "listen_addresses={listen}",
        // A socket in a system directory would be one more thing to collide on and to clean up.
        "-c",
        "unix_socket_directories=",
        // Segments in files of the data directory are removed with it, however the server ends; those in /dev/shm
        // would not be.
        "-c",
        "dynamic_shared_memory_type=mmap",
    ];
    json!({
        "title": "PostgreSQL",
        "env": "DATABASE_URL",
        "url": "postgres://{user}:{password}@{host}:{port}/{database}",
        "user": "postgres",
        "base": "postgres",
        "version": "15",
        "crates": [
            "sqlx/postgres", "sqlx-postgres", "tokio-postgres", "postgres", "deadpool-postgres", "bb8-postgres",
            "r2d2_postgres", "diesel/postgres", "diesel/postgres_backend", "diesel-async/postgres",
            "sea-orm/sqlx-postgres",
        ],
        "files": { "password": "{password}\n" },
        "client-env": {
            "PGHOST": "{host}",
            "PGPORT": "{port}",
            "PGUSER": "{user}",
            "PGPASSWORD": "{password}",
            "PGDATABASE": "{base}",
            "PGSSLMODE": "{query.sslmode}",
            "PGSSLROOTCERT": "{query.sslrootcert}",
            "PGCONNECT_TIMEOUT": "10",
            // Variables that the user has set for another server are not meant for this one.
            "PGSERVICE": "",
            "PGPASSFILE": "",
            "PGHOSTADDR": "",
            "PGOPTIONS": "{query.options}",
        },
        "ready": { "command": ["psql", "-XAtq", "-w", "-c", "SELECT 1"] },
        "create": ["psql", "-Xq", "-w", "-v", "ON_ERROR_STOP=1", "-c", "CREATE DATABASE \"{database}\""],
        // FORCE: a test that leaks a connection must not keep the database alive.
        "drop": [
            "psql", "-Xq", "-w", "-v", "ON_ERROR_STOP=1",
            "-c", "DROP DATABASE IF EXISTS \"{database}\" WITH (FORCE)",
        ],
        "container": {
            "image": "postgres:15-alpine",
            "port": 5432,
            "env": { "POSTGRES_USER": "{user}", "POSTGRES_PASSWORD": "{password}" },
            "args": std::iter::once("postgres").chain(careless.clone()).collect::<Vec<_>>(),
        },
        "local": {
            "program": "postgres",
            "folders": [
                "/usr/lib/postgresql/*/bin",
                "/usr/pgsql-*/bin",
                "/opt/homebrew/opt/postgresql@*/bin",
                "/usr/local/opt/postgresql@*/bin",
                "/usr/libexec/postgresql*",
                "/usr/local/pgsql/bin",
            ],
            "prepare": [[
                "initdb", "--pgdata={dir}/data", "--username={user}", "--pwfile={dir}/password",
                "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions",
            ]],
            "args": local.into_iter().chain(careless).collect::<Vec<_>>(),
            "stop": "INT",
            "refuses-root": true,
            "package": "postgresql",
        },
    })
}

fn redis() -> Value {
    json!({
        "title": "Redis",
        "env": "REDIS_URL",
        // The user is named because some clients treat an empty name as a user.
        "url": "redis://{user}:{password}@{host}:{port}",
        "user": "default",
        "version": "7",
        "crates": ["redis", "fred", "rustis", "deadpool-redis", "bb8-redis", "r2d2_redis"],
        "ready": "redis",
        // Its title would wipe out the mark in its environment that says which run it belongs to.
        "files": {
            "redis.conf": "bind {listen}\nport {port}\ndir {dir}\nrequirepass {password}\n\
                           set-proc-title no\nsave \"\"\nappendonly no\ndaemonize no\n",
        },
        "container": {
            "image": "redis:7-alpine",
            "port": 6379,
            "args": ["redis-server", "{dir}/redis.conf"],
        },
        "local": {
            "program": "redis-server",
            "folders": ["/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"],
            "args": ["{dir}/redis.conf"],
            // It would run as root, but nothing that listens needs to.
            "refuses-root": true,
            "package": "redis-server",
        },
    })
}
