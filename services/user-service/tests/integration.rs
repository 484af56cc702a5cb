//! What a caller sees with the real servers behind.

use std::sync::OnceLock;

use kit::testing::{Api, faults, with_servers};
use kit::{Routes, Servers, Service};
use serde_json::{Value, json};
use tokio::sync::Notify;
use user_service::{SERVICE, store};

async fn put(api: &Api, id: i64, handle: &str, status: u16) -> Value {
    let profile = json!({ "handle": handle, "display_name": format!("User {id}"), "bio": "" });
    api.put(&format!("/users/{id}"), &profile).await.expect(status)
}

async fn follow(api: &Api, follower: i64, followed: i64) {
    api.put(&format!("/users/{follower}/following/{followed}"), &Value::Null).await.expect(204);
}

async fn counts(api: &Api, id: i64) -> (Value, Value) {
    let profile = api.get(&format!("/users/{id}")).await.expect(200);
    (profile["followers"].clone(), profile["following"].clone())
}

#[tokio::test]
async fn a_handle_belongs_to_one_user_until_it_is_given_up() {
    with_servers(&SERVICE, |api| async move {
        put(&api, 1, "@Ada", 201).await;
        put(&api, 2, "ADA", 409).await;
        put(&api, 1, "lovelace", 200).await;
        api.get("/handles/ada").await.expect(404);
        assert_eq!(put(&api, 2, "ada", 201).await["handle"], "ada");
        assert_eq!(api.get("/handles/@Ada").await.expect(200)["id"], 2);
    })
    .await;
}

#[tokio::test]
async fn of_two_who_want_a_handle_at_once_one_gets_it() {
    with_servers(&SERVICE, |api| async move {
        let profile = json!({ "handle": "ada", "display_name": "Ada" });
        let (one, other) = tokio::join!(api.put("/users/1", &profile), api.put("/users/2", &profile));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    })
    .await;
}

#[tokio::test]
async fn a_change_is_seen_at_once_also_where_a_copy_was_read_before() {
    with_servers(&SERVICE, |api| async move {
        api.get("/users/1").await.expect(404);
        put(&api, 1, "ada", 201).await;
        put(&api, 2, "bob", 201).await;
        for _from_postgres_then_redis in 0..2 {
            assert_eq!(api.get("/users/1").await.expect(200)["display_name"], "User 1");
        }
        let changed = json!({ "handle": "ada", "display_name": "Lady Lovelace", "bio": "The engine." });
        api.put("/users/1", &changed).await.expect(200);
        let profile = api.get("/users/1").await.expect(200);
        assert_eq!((&profile["display_name"], &profile["bio"]), (&changed["display_name"], &changed["bio"]));
        assert_eq!(counts(&api, 1).await, (json!(0), json!(0)));
        follow(&api, 2, 1).await;
        assert_eq!(counts(&api, 1).await, (json!(1), json!(0)));
    })
    .await;
}

#[tokio::test]
async fn following_twice_or_each_other_at_once_is_counted_right() {
    with_servers(&SERVICE, |api| async move {
        for (id, handle) in [(1, "ada"), (2, "bob")] {
            put(&api, id, handle, 201).await;
        }
        for _round in 0..10 {
            tokio::join!(follow(&api, 1, 2), follow(&api, 2, 1), follow(&api, 1, 2), follow(&api, 2, 1));
            for id in [1, 2] {
                assert_eq!(counts(&api, id).await, (json!(1), json!(1)));
            }
            let end = |path: &'static str| async { api.delete(path).await.expect(204) };
            tokio::join!(end("/users/1/following/2"), end("/users/2/following/1"), end("/users/1/following/2"));
            for id in [1, 2] {
                assert_eq!(counts(&api, id).await, (json!(0), json!(0)));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn followers_come_in_pages_the_latest_first() {
    with_servers(&SERVICE, |api| async move {
        put(&api, 100, "ada", 201).await;
        for id in 1..=51 {
            put(&api, id, &format!("user_{id}"), 201).await;
            follow(&api, id, 100).await;
        }
        let first = api.get("/users/100/followers").await.expect(200);
        assert_eq!(first["items"].as_array().map(Vec::len), Some(50));
        assert_eq!(first["items"][0], json!({ "id": 51, "handle": "user_51", "display_name": "User 51" }));
        let last = api.get(&format!("/users/100/followers?after={}", first["next"])).await.expect(200);
        assert_eq!(
            (&last["items"][0]["id"], &last["items"][1], &last["next"]),
            (&json!(1), &json!(null), &json!(null))
        );
        assert_eq!(api.get("/users/1/following").await.expect(200)["items"][0]["id"], 100);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_not_found() {
    with_servers(&SERVICE, |api| async move {
        put(&api, 1, "ada", 201).await;
        for path in ["/users/9", "/users/9/followers", "/users/9/following", "/handles/nobody"] {
            api.get(path).await.expect(404);
        }
        api.put("/users/1/following/9", &Value::Null).await.expect(404);
        api.delete("/users/9/following/1").await.expect(404);
        assert_eq!(counts(&api, 1).await, (json!(0), json!(0)));
    })
    .await;
}

/// The servers of `a_copy_is_never_older…`, which needs more than the routes: it acts in the middle of a request.
static SERVERS: OnceLock<Servers> = OnceLock::new();
static INSIDE: Service = Service {
    name: "user-service",
    version: "0.0.0",
    about: "",
    port: 0,
    migrations: &[kit::migration!("0001_users")],
    routes: |servers| {
        SERVERS.get_or_init(|| servers);
        Routes::new()
    },
};

#[tokio::test]
async fn a_copy_is_never_older_than_a_write_that_overtook_its_reader_or_never_came_back() {
    with_servers(&INSIDE, |_api| async {
        let servers = SERVERS.get().expect("the router is made");
        let name = async |name| store::put_profile(servers, 1, ["ada", name, ""]).await.expect("it is written");
        let read = async || store::profile(servers, 1).await.expect("it is read").expect("it is there").display_name;
        let key = servers.redis.key("profile:1");

        name("first").await;
        let overtaken = async {
            let seen = store::profile_of_handle(servers, "ada").await;
            name("second").await;
            seen
        };
        let seen = servers.redis.cached(&key, overtaken).await.expect("it is read").expect("it is there");
        assert_eq!(seen.display_name, "first");
        assert_eq!(read().await, "second");

        let committed = Notify::new();
        let keys = [key];
        let lost = servers.redis.dropping::<()>(&keys, async {
            sqlx::query("update users set display_name = 'third'").execute(&servers.postgres).await?;
            committed.notify_one();
            std::future::pending().await
        });
        // The caller of the write goes away right after the commit: its future is dropped here.
        tokio::select! { _ = lost => unreachable!("it waits"), () = committed.notified() => {} }
        assert_eq!((read().await, read().await), ("third".to_owned(), "third".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_user-service"), "/handles/ada").await;
}
