//! What a caller sees with the real servers behind.

use feed_service::SERVICE;
use feed_service::domain::{LONGEST, MOST_FOLLOWED};
use kit::testing::{Api, faults, with_servers};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Postgres, Transaction};

const NOTHING: [i64; 0] = [];

async fn publish(api: &Api, post: i64, author: i64) -> u16 {
    api.put(&format!("/posts/{post}"), &json!({ "author": author })).await.status.as_u16()
}

async fn follow(api: &Api, reader: i64, author: i64) {
    api.put(&format!("/readers/{reader}/followed/{author}"), &Value::Null).await.expect(204);
}

async fn unfollow(api: &Api, reader: i64, author: i64) {
    api.delete(&format!("/readers/{reader}/followed/{author}")).await.expect(204);
}

/// The posts on the first page of a timeline.
async fn first_page(api: &Api, reader: i64) -> Vec<i64> {
    numbers(&api.get(&format!("/readers/{reader}/timeline")).await.expect(200))
}

/// The posts on all pages.
async fn whole(api: &Api, reader: i64) -> Vec<i64> {
    let (mut posts, mut next) = (Vec::new(), Value::Null);
    loop {
        let after = next.as_i64().map(|after| format!("?after={after}")).unwrap_or_default();
        let page = api.get(&format!("/readers/{reader}/timeline{after}")).await.expect(200);
        posts.extend(numbers(&page));
        next = page["next"].clone();
        if next.is_null() {
            return posts;
        }
    }
}

fn numbers(page: &Value) -> Vec<i64> {
    let items = page["items"].as_array().expect("a page");
    items.iter().map(|item| item["post"].as_i64().expect("a number")).collect()
}

/// What Redis may do at any time.
async fn lose_timelines(api: &Api) {
    let redis = &api.servers().redis;
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(redis.key("timeline:*")).query_async(&mut redis.connection()).await.expect("Redis");
    for key in keys {
        redis.forget(&key).await.expect("Redis");
    }
}

#[tokio::test]
async fn a_post_comes_to_its_followers_once_and_the_last_published_stands_first() {
    with_servers(&SERVICE, |api| async move {
        follow(&api, 1, 10).await;
        follow(&api, 1, 11).await;
        follow(&api, 2, 11).await;
        assert_eq!(first_page(&api, 1).await, NOTHING);
        // The order is that of publication, whatever the numbers are; and a repetition changes nothing.
        for (post, author) in [(7, 10), (3, 11), (5, 10), (7, 10)] {
            assert_eq!(publish(&api, post, author).await, 204);
        }
        let page = api.get("/readers/1/timeline").await.expect(200);
        let items = json!([{ "post": 5, "author": 10 }, { "post": 3, "author": 11 }, { "post": 7, "author": 10 }]);
        assert_eq!(page, json!({ "items": items, "next": null }));
        assert_eq!(first_page(&api, 2).await, [3]);
        assert_eq!(first_page(&api, 3).await, NOTHING);
    })
    .await;
}

#[tokio::test]
async fn following_brings_earlier_posts_and_unfollowing_takes_all_away() {
    with_servers(&SERVICE, |api| async move {
        publish(&api, 1, 10).await;
        publish(&api, 2, 11).await;
        follow(&api, 1, 11).await;
        assert_eq!(first_page(&api, 1).await, [2]);
        follow(&api, 1, 10).await;
        assert_eq!(first_page(&api, 1).await, [2, 1]);
        assert_eq!(api.get("/readers/1/followed").await.expect(200)["items"], json!([10, 11]));
        assert_eq!(api.get("/readers/1/followed?after=10").await.expect(200)["items"], json!([11]));
        for _twice in 0..2 {
            unfollow(&api, 1, 11).await;
        }
        assert_eq!(first_page(&api, 1).await, [1]);
        publish(&api, 3, 11).await;
        assert_eq!(first_page(&api, 1).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn a_removed_post_is_gone_for_ever() {
    with_servers(&SERVICE, |api| async move {
        follow(&api, 1, 10).await;
        api.delete("/posts/1").await.expect(404);
        publish(&api, 1, 10).await;
        publish(&api, 2, 10).await;
        assert_eq!(first_page(&api, 1).await, [2, 1]);
        for _twice in 0..2 {
            api.delete("/posts/2").await.expect(204);
        }
        assert_eq!(first_page(&api, 1).await, [1]);
        assert_eq!(publish(&api, 2, 10).await, 410);
        assert_eq!(publish(&api, 1, 11).await, 409);
        lose_timelines(&api).await;
        assert_eq!(first_page(&api, 1).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn a_long_timeline_comes_in_pages_and_ends_at_the_cap_also_when_it_was_lost() {
    with_servers(&SERVICE, |api| async move {
        follow(&api, 1, 10).await;
        let insert = sqlx::query("insert into posts (id, author) select id, 10 from generate_series(1, $1) id");
        insert.bind(LONGEST + 9).execute(&api.servers().postgres).await.expect("PostgreSQL");
        let expected: Vec<_> = (10..LONGEST + 10).rev().collect();
        assert_eq!(whole(&api, 1).await, expected);
        // The newest pushes the oldest out.
        publish(&api, LONGEST + 10, 10).await;
        let expected: Vec<_> = (11..LONGEST + 11).rev().collect();
        assert_eq!(whole(&api, 1).await, expected);
        lose_timelines(&api).await;
        assert_eq!(whole(&api, 1).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_page_begins_where_the_last_one_ended_also_when_posts_come_and_go() {
    with_servers(&SERVICE, |api| async move {
        follow(&api, 1, 10).await;
        for post in 1..=60 {
            publish(&api, post, 10).await;
        }
        let first = api.get("/readers/1/timeline").await.expect(200);
        assert_eq!(numbers(&first), (11..=60).rev().collect::<Vec<_>>());
        // The one that the cursor was made from is removed, and a new one comes.
        api.delete("/posts/11").await.expect(204);
        publish(&api, 61, 10).await;
        let second = api.get(&format!("/readers/1/timeline?after={}", first["next"])).await.expect(200);
        assert_eq!(numbers(&second), (1..=10).rev().collect::<Vec<_>>());
        assert_eq!(second["next"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn a_post_that_comes_while_a_timeline_is_made_is_in_it() {
    with_servers(&SERVICE, |api| async move {
        follow(&api, 1, 10).await;
        for post in 1..=50 {
            lose_timelines(&api).await;
            tokio::join!(first_page(&api, 1), publish(&api, post, 10), first_page(&api, 1));
            assert_eq!(first_page(&api, 1).await.first(), Some(&post));
        }
    })
    .await;
}

/// Holds every statement with this word back while it reads who follows whom: it has seen what `PostgreSQL` held when it
/// began, and goes on when the transaction ends.
async fn hold_back(api: &Api, word: &str) -> Transaction<'static, Postgres> {
    let postgres = &api.servers().postgres;
    let view = format!(
        "create view follows as select * from all_follows
            where case when current_query() like '%{word}%' then hold() else true end"
    );
    let hold = "create function hold() returns boolean language plpgsql volatile as
        $$ begin perform pg_advisory_xact_lock_shared(1); return true; end $$";
    for statement in [hold, "alter table follows rename to all_follows", &view] {
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(postgres).await.expect("PostgreSQL");
    }
    let mut held = postgres.begin().await.expect("PostgreSQL");
    sqlx::query("select pg_advisory_xact_lock(1)").execute(&mut *held).await.expect("PostgreSQL");
    held
}

/// How many statements are held back, or wait for their turn.
async fn waiting(api: &Api) -> i64 {
    let count = "select count(*) from pg_locks join pg_database on database = pg_database.oid
        where datname = current_database() and locktype = 'advisory' and not granted";
    sqlx::query_scalar(count).fetch_one(&api.servers().postgres).await.expect("PostgreSQL")
}

#[tokio::test]
async fn a_slow_fan_out_brings_nothing_back() {
    with_servers(&SERVICE, |api| async move {
        follow(&api, 1, 10).await;
        let held = hold_back(&api, "reader > ").await;
        let changes = async {
            while waiting(&api).await < 1 {}
            let slow = api.clone();
            let unfollowed = tokio::spawn(async move { unfollow(&slow, 1, 10).await });
            while waiting(&api).await < 2 && !unfollowed.is_finished() {}
            first_page(&api, 1).await;
            held.commit().await.expect("PostgreSQL");
            unfollowed.await.expect("no panic");
        };
        let (published, ()) = tokio::join!(publish(&api, 1, 10), changes);
        assert_eq!((published, first_page(&api, 1).await), (204, vec![]));
    })
    .await;
}

#[tokio::test]
async fn what_changes_while_a_timeline_is_made_is_not_undone_by_it() {
    with_servers(&SERVICE, |api| async move {
        for reader in 1..=3 {
            follow(&api, reader, 10).await;
        }
        publish(&api, 1, 10).await;
        let held = hold_back(&api, "lateral").await;
        let changes = async {
            while waiting(&api).await < 3 {}
            publish(&api, 2, 10).await;
            api.delete("/posts/1").await.expect(204);
            unfollow(&api, 2, 10).await;
            held.commit().await.expect("PostgreSQL");
        };
        tokio::join!(first_page(&api, 1), first_page(&api, 2), first_page(&api, 3), changes);
        assert_eq!(first_page(&api, 1).await, [2]);
        assert_eq!(first_page(&api, 2).await, NOTHING);
        assert_eq!(first_page(&api, 3).await, [2]);
    })
    .await;
}

#[tokio::test]
async fn changes_at_once_end_as_if_one_had_come_after_the_other() {
    with_servers(&SERVICE, |api| async move {
        for post in 1..=50 {
            follow(&api, 1, 10).await;
            first_page(&api, 1).await;
            let path = format!("/posts/{post}");
            let (published, removed, _read) =
                tokio::join!(publish(&api, post, 10), api.delete(&path), first_page(&api, 1));
            assert!([204, 410].contains(&published), "{published}");
            assert_eq!(first_page(&api, 1).await.contains(&post), removed.status == 404);

            let post = 1000 + post;
            tokio::join!(publish(&api, post, 10), unfollow(&api, 1, 10), first_page(&api, 1), first_page(&api, 1));
            assert_eq!(first_page(&api, 1).await, NOTHING);
            let post = 1000 + post;
            tokio::join!(publish(&api, post, 10), follow(&api, 1, 10), first_page(&api, 1));
            assert!(first_page(&api, 1).await.contains(&post));
            unfollow(&api, 1, 10).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_reader_follows_so_many_and_no_more_also_with_two_requests_at_once() {
    with_servers(&SERVICE, |api| async move {
        let insert = sqlx::query("insert into follows (reader, author) select 1, generate_series(1, $1)");
        insert.bind(MOST_FOLLOWED - 1).execute(&api.servers().postgres).await.expect("PostgreSQL");
        let (one, other) = tokio::join!(
            api.put("/readers/1/followed/9001", &Value::Null),
            api.put("/readers/1/followed/9002", &Value::Null),
        );
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 400]);
        // Whom the reader follows already is no further one.
        follow(&api, 1, 1).await;
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_feed-service"), "/readers/1/followed").await;
}
