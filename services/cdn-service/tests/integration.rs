//! What a caller sees with the real servers behind.

use cdn_service::SERVICE;
use kit::testing::{Api, faults, with_servers};
use serde_json::json;

const IMG: &str = "/origins/img.example.org";

async fn make(api: &Api, host: &str) -> String {
    let origin = json!({ "upstream": "https://files.example.org" });
    let made = api.put(&format!("/origins/{host}"), &origin).await.expect(201);
    made["signing_key"].as_str().expect("a text").to_owned()
}

async fn key(api: &Api, tags: &str) -> String {
    let answer = api.get(&format!("{IMG}/key?path=/a.png&tags={tags}")).await.expect(200);
    answer["key"].as_str().expect("a text").to_owned()
}

async fn purge(api: &Api, tag: &str) -> i64 {
    let purged = api.post(&format!("{IMG}/purges"), &json!({ "tag": tag })).await.expect(201);
    purged["version"].as_i64().expect("a number")
}

/// What a reader sends for the URL that `/a.png` is signed as.
async fn signed(api: &Api) -> String {
    let wanted = json!({ "path": "/a.png?w=2", "expires_in_s": 60 });
    let signed = api.post(&format!("{IMG}/signed-urls"), &wanted).await.expect(201);
    signed["url"].as_str().and_then(|url| url.strip_prefix("https://img.example.org")).expect("a URL").to_owned()
}

async fn verify(api: &Api, path: &str) -> u16 {
    let answer = api.post(&format!("{IMG}/verifications"), &json!({ "path": path })).await;
    let status = answer.status.as_u16();
    answer.expect(status);
    status
}

/// Redis loses what it held about tags.
async fn lose_redis(api: &Api, tags: &[&str]) {
    for tag in tags {
        let redis = &api.servers().redis;
        let key = redis.key(format_args!("tag:img.example.org:{tag}"));
        redis.forget(&key).await.expect("it answers");
    }
}

#[tokio::test]
async fn an_origin_is_made_once_and_can_move() {
    with_servers(&SERVICE, |api| async move {
        api.get(IMG).await.expect(404);
        let origin = json!({ "upstream": "https://one.example.org" });
        let (one, other) = tokio::join!(api.put(IMG, &origin), api.put(IMG, &origin));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 204], "one of them has the key");
        api.put(IMG, &json!({ "upstream": "https://two.example.org" })).await.expect(204);
        assert_eq!(api.get("/origins/IMG.example.org").await.expect(200)["upstream"], "https://two.example.org");
    })
    .await;
}

#[tokio::test]
async fn a_purge_changes_the_keys_of_its_tag_and_host_only() {
    with_servers(&SERVICE, |api| async move {
        make(&api, "img.example.org").await;
        make(&api, "other.example.org").await;
        assert_eq!(key(&api, "photos,home").await, "img.example.org/a.png#home.0,photos.0");
        assert_eq!(purge(&api, "photos").await, 1);
        assert_eq!(key(&api, "photos,home").await, "img.example.org/a.png#home.0,photos.1");
        let other = api.get("/origins/other.example.org/key?path=/a.png&tags=photos").await.expect(200);
        assert_eq!(other["key"], "other.example.org/a.png#photos.0");
        let (one, other) = tokio::join!(purge(&api, "photos"), purge(&api, "photos"));
        assert_eq!((one.min(other), one.max(other)), (2, 3));
        assert_eq!(key(&api, "photos").await, "img.example.org/a.png#photos.3");
    })
    .await;
}

#[tokio::test]
async fn a_lost_redis_brings_no_purged_content_back() {
    with_servers(&SERVICE, |api| async move {
        make(&api, "img.example.org").await;
        purge(&api, "photos").await;
        assert_eq!(key(&api, "home,photos").await, "img.example.org/a.png#home.0,photos.1");
        lose_redis(&api, &["photos"]).await;
        assert_eq!(key(&api, "home,photos").await, "img.example.org/a.png#home.0,photos.1");
        lose_redis(&api, &["home", "photos"]).await;
        assert_eq!(purge(&api, "photos").await, 2);
        assert_eq!(key(&api, "home,photos").await, "img.example.org/a.png#home.0,photos.2");
    })
    .await;
}

#[tokio::test]
async fn readers_that_race_with_purges_put_no_old_version_back() {
    with_servers(&SERVICE, |api| async move {
        make(&api, "img.example.org").await;
        for version in 1..=50 {
            lose_redis(&api, &["photos"]).await;
            let (_before_or_after, _, purged) =
                tokio::join!(key(&api, "photos"), key(&api, "photos"), purge(&api, "photos"));
            assert_eq!(purged, version);
            assert_eq!(key(&api, "photos").await, format!("img.example.org/a.png#photos.{version}"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_signed_url_is_valid_until_it_expires_and_only_as_it_is() {
    with_servers(&SERVICE, |api| async move {
        let secret = make(&api, "img.example.org").await;
        make(&api, "other.example.org").await;
        let path = signed(&api).await;
        assert_eq!(verify(&api, &path).await, 204);
        assert_eq!(verify(&api, &path.replace("w=2", "w=3")).await, 403);
        assert_eq!(verify(&api, "/a.png?w=2").await, 403);
        api.post("/origins/other.example.org/verifications", &json!({ "path": path })).await.expect(403);
        // Who holds the key can sign alone, and cannot outlive the expiry.
        let expired = cdn_service::domain::sign(&secret, "img.example.org", "/a.png", 1_000);
        assert_eq!(verify(&api, &expired).await, 410);
        api.post("/origins/none.example.org/verifications", &json!({ "path": path })).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn after_a_rotation_the_previous_key_verifies_as_long_as_was_stated() {
    with_servers(&SERVICE, |api| async move {
        let first_key = make(&api, "img.example.org").await;
        let rotate = async |seconds: u64| {
            api.post(&format!("{IMG}/keys"), &json!({ "previous_valid_s": seconds })).await.expect(201)
        };
        let first = signed(&api).await;
        assert_ne!(rotate(3600).await["signing_key"], first_key);
        let second = signed(&api).await;
        assert_eq!((verify(&api, &first).await, verify(&api, &second).await), (204, 204));
        let expire = "update origins set previous_until = now()";
        sqlx::query(expire).execute(&api.servers().postgres).await.expect("the table is there");
        assert_eq!((verify(&api, &first).await, verify(&api, &second).await), (403, 204));
        rotate(0).await;
        assert_eq!((verify(&api, &second).await, verify(&api, &signed(&api).await).await), (403, 204));
        api.post("/origins/none.example.org/keys", &json!({ "previous_valid_s": 0 })).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_cdn-service"), IMG).await;
}
