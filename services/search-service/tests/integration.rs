//! What a caller sees with the real servers behind.

use kit::testing::{Api, faults, with_servers};
use search_service::SERVICE;
use serde_json::{Value, json};

async fn put(api: &Api, id: i64, title: &str, body: &str) -> u16 {
    api.put(&format!("/documents/{id}"), &json!({ "title": title, "body": body })).await.status.as_u16()
}

async fn search(api: &Api, query: &str) -> Value {
    api.get(&format!("/search?q={query}")).await.expect(200)["items"].clone()
}

/// The numbers of the documents found, best first.
async fn found(api: &Api, query: &str) -> Vec<i64> {
    let hits = search(api, query).await;
    hits.as_array().expect("hits").iter().map(|hit| hit["id"].as_i64().expect("a number")).collect()
}

const NOTHING: [i64; 0] = [];

#[tokio::test]
async fn a_title_counts_more_than_a_body_and_words_are_found_in_any_form() {
    with_servers(&SERVICE, |api| async move {
        put(&api, 1, "Looms", "They led to engines").await;
        put(&api, 2, "The engine", "It computes").await;
        put(&api, 3, "Boats", "They float").await;
        assert_eq!(found(&api, "ENGINES").await, [2, 1]);
        assert_eq!(search(&api, "ENGINES").await[1]["snippet"], "They led to <mark>engines</mark>");
        assert_eq!(found(&api, "engine%20-loom").await, [2]);
        assert_eq!(found(&api, "boat%20or%20looms").await, [3, 1], "the same word counts more in a shorter document");
        assert_eq!(found(&api, "%22led%20to%20engines%22").await, [1]);
        assert_eq!(found(&api, "%22engine%20led%22").await, NOTHING, "the words are there, in another order");
        assert_eq!(found(&api, "-engine").await, NOTHING);
        assert_eq!(found(&api, "the").await, NOTHING);
        assert_eq!(found(&api, "%26%7C%21%3A*%28").await, NOTHING, "no query is malformed");
    })
    .await;
}

#[tokio::test]
async fn a_change_shows_at_once_although_answers_are_kept() {
    with_servers(&SERVICE, |api| async move {
        for _from_postgres_then_redis in 0..2 {
            assert_eq!(found(&api, "engine").await, NOTHING);
        }
        assert_eq!(put(&api, 1, "The engine", "").await, 201);
        assert_eq!(found(&api, "engine").await, [1]);
        assert_eq!(put(&api, 1, "The loom", "").await, 204);
        assert_eq!(api.get("/documents/1").await.expect(200), json!({ "title": "The loom", "body": "" }));
        assert_eq!((found(&api, "engine").await, found(&api, "loom").await), (vec![], vec![1]));
        api.delete("/documents/1").await.expect(204);
        assert_eq!(found(&api, "loom").await, NOTHING);
        api.get("/documents/1").await.expect(404);
        api.delete("/documents/1").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_kept_and_a_lost_redis_brings_no_old_one_back() {
    with_servers(&SERVICE, |api| async move {
        put(&api, 1, "The engine", "").await;
        assert_eq!(found(&api, "engine").await, [1]);
        // Behind the back of the service: so it shows where the answer comes from.
        sqlx::query("delete from documents").execute(&api.servers().postgres).await.expect("PostgreSQL");
        assert_eq!(found(&api, "Engine").await, [1]);
        let redis = &api.servers().redis;
        redis.forget(&redis.key("version")).await.expect("Redis");
        assert_eq!(found(&api, "engine").await, NOTHING);
    })
    .await;
}

#[tokio::test]
async fn a_search_while_the_index_changes_keeps_nothing_old() {
    with_servers(&SERVICE, |api| async move {
        for id in 1..=20 {
            let (status, ..) =
                tokio::join!(put(&api, id, "The engine", ""), found(&api, "engine"), found(&api, "engine"));
            assert_eq!(status, 201);
            assert!(found(&api, "engine").await.contains(&id));
        }
        // The same document twice at once: one is new, the other one replaces it.
        let twice = tokio::join!(put(&api, 99, "One", ""), put(&api, 99, "Two", ""));
        assert!([(201, 204), (204, 201)].contains(&twice), "{twice:?}");
    })
    .await;
}

#[tokio::test]
async fn a_snippet_is_safe_to_show() {
    with_servers(&SERVICE, |api| async move {
        let body = "1 < 2 & \"x\" <img src=x onerror=alert(1)> <mark>loom</mark> &lt;b&gt; engine's";
        put(&api, 1, "<b>Title</b>", body).await;
        let hit = search(&api, "engine").await[0].clone();
        let snippet = hit["snippet"].as_str().expect("a text");
        assert!(snippet.contains("<mark>engine</mark>&#39;s"), "{snippet}");
        assert!(snippet.starts_with("1 &lt; 2 &amp; &quot;x&quot;"), "{snippet}");
        assert_eq!(snippet.matches('<').count(), 2, "nothing but the mark is markup: {snippet}");
        assert_eq!(put(&api, 2, "Marks", "\u{1}engine\u{2}").await, 400);
        assert_eq!(put(&api, 2, "Zero", "\0").await, 400);
        api.get("/search?q=%00").await.expect(400);
    })
    .await;
}

#[tokio::test]
async fn hits_come_in_pages_and_the_largest_document_is_taken() {
    with_servers(&SERVICE, |api| async move {
        let insert = "insert into documents (id, title, body) select id, 'engine', '' from generate_series(1, 60) id";
        sqlx::query(insert).execute(&api.servers().postgres).await.expect("PostgreSQL");
        let first = api.get("/search?q=engine").await.expect(200);
        assert_eq!((first["items"].as_array().map(Vec::len), &first["next"]), (Some(50), &json!(50)));
        let second = api.get("/search?q=engine&after=50").await.expect(200);
        assert_eq!((second["items"].as_array().map(Vec::len), &second["next"]), (Some(10), &Value::Null));
        assert_eq!((&first["items"][0]["id"], &second["items"][0]["id"]), (&json!(1), &json!(51)));

        // Words of rare letters, none of them twice: the most that 100,000 characters make of an index.
        let letter = |number: u32| char::from_u32(0x10400 + number % 40).expect("a letter of Deseret");
        let words = (0..25_000).map(|n| String::from_iter([letter(n), letter(n / 40), letter(n / 1600)]));
        let body: String = words.collect::<Vec<_>>().join("-");
        assert_eq!(put(&api, 61, "Deseret", &body).await, 201);
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_search-service"), "/documents/1").await;
}
