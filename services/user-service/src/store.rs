//! What is kept: profiles and who follows whom in `PostgreSQL`, copies of the profiles that are read in Redis.

use kit::{Answer, Cursor, Page, ROWS, Servers};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A profile, as it is stored, copied and shown.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// The number of the account.
    pub id: i64,
    /// In lower case, without `@`.
    pub handle: String,
    /// The name that people read.
    pub display_name: String,
    /// What they say about themselves.
    pub bio: String,
    /// How many follow this user.
    pub followers: i64,
    /// How many this user follows.
    pub following: i64,
}

/// A line of a list of people.
#[derive(Debug, Serialize, ToSchema)]
pub struct Person {
    /// The number of the account.
    pub id: i64,
    /// In lower case, without `@`.
    pub handle: String,
    /// The name that people read.
    pub display_name: String,
}

type Row = (i64, String, String, String, i64, i64);

fn profile_of((id, handle, display_name, bio, followers, following): Row) -> Profile {
    Profile { id, handle, display_name, bio, followers, following }
}

/// Makes the profile of an account, or replaces it, and answers whether it is there for the first time. Nothing when
/// somebody else has the handle.
pub async fn put_profile(
    servers: &Servers,
    id: i64,
    [handle, display_name, bio]: [&str; 3],
) -> Answer<Option<(bool, Profile)>> {
    let put = "insert into users (id, handle, display_name, bio) values ($1, $2, $3, $4)
        on conflict (id) do update
            set handle = excluded.handle, display_name = excluded.display_name, bio = excluded.bio
        returning followers, following, xmax = 0"; // A row that nobody has updated yet has no xmax.
    servers
        .redis
        .dropping(&[profile_key(servers, id)], async {
            let put = sqlx::query_as(put).bind(id).bind(handle).bind(display_name).bind(bio);
            let (followers, following, is_new) = match put.fetch_one(&servers.postgres).await {
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(None),
                row => row?,
            };
            let [handle, display_name, bio] = [handle, display_name, bio].map(str::to_owned);
            Ok(Some((is_new, Profile { id, handle, display_name, bio, followers, following })))
        })
        .await
}

/// The profile of an account.
pub async fn profile(servers: &Servers, id: i64) -> Answer<Option<Profile>> {
    let load = async {
        let select = "select id, handle, display_name, bio, followers, following from users where id = $1";
        let row: Option<Row> = sqlx::query_as(select).bind(id).fetch_optional(&servers.postgres).await?;
        Ok(row.map(profile_of))
    };
    servers.redis.cached(&profile_key(servers, id), load).await
}

/// The profile that has a handle.
pub async fn profile_of_handle(servers: &Servers, handle: &str) -> Answer<Option<Profile>> {
    let select = "select id, handle, display_name, bio, followers, following from users where handle = $1";
    let row: Option<Row> = sqlx::query_as(select).bind(handle).fetch_optional(&servers.postgres).await?;
    Ok(row.map(profile_of))
}

/// Lets one user follow another, and answers whether there are both.
pub async fn follow(servers: &Servers, follower: i64, followed: i64) -> Answer<bool> {
    let insert = "insert into follows (follower, followed) values ($1, $2) on conflict do nothing";
    change(servers, follower, followed, insert, 1).await
}

/// Ends that one user follows another, and answers whether there are both.
pub async fn unfollow(servers: &Servers, follower: i64, followed: i64) -> Answer<bool> {
    change(servers, follower, followed, "delete from follows where follower = $1 and followed = $2", -1).await
}

/// Changes who follows whom, and with it the numbers in both profiles.
async fn change(servers: &Servers, follower: i64, followed: i64, change: &'static str, step: i64) -> Answer<bool> {
    // Always in one order, so that two who follow each other at once do not wait for each other.
    let lock = "select id from users where id in ($1, $2) order by id for no key update";
    let count = "update users set followers = followers + case id when $2 then $3 else 0 end,
            following = following + case id when $1 then $3 else 0 end
        where id in ($1, $2)";
    servers
        .redis
        .dropping(&[profile_key(servers, follower), profile_key(servers, followed)], async {
            let mut steps = servers.postgres.begin().await?;
            let both = sqlx::query(lock).bind(follower).bind(followed).fetch_all(&mut *steps).await?;
            if both.len() < 2 {
                return Ok(false);
            }
            let changed = sqlx::query(change).bind(follower).bind(followed).execute(&mut *steps).await?;
            // Whoever asks a second time is counted once.
            if changed.rows_affected() > 0 {
                sqlx::query(count).bind(follower).bind(followed).bind(step).execute(&mut *steps).await?;
            }
            steps.commit().await?;
            Ok(true)
        })
        .await
}

/// Who follows this user: the latest first.
pub async fn followers(servers: &Servers, id: i64, cursor: Cursor) -> Answer<Page<Person>> {
    let select = "select follows.id, users.id, handle, display_name from follows join users on users.id = follower
        where followed = $1 and follows.id < $2 order by follows.id desc limit $3";
    people(servers, select, id, cursor).await
}

/// Whom this user follows: the latest first.
pub async fn following(servers: &Servers, id: i64, cursor: Cursor) -> Answer<Page<Person>> {
    let select = "select follows.id, users.id, handle, display_name from follows join users on users.id = followed
        where follower = $1 and follows.id < $2 order by follows.id desc limit $3";
    people(servers, select, id, cursor).await
}

async fn people(servers: &Servers, select: &'static str, id: i64, cursor: Cursor) -> Answer<Page<Person>> {
    let select = sqlx::query_as(select).bind(id).bind(cursor.after.unwrap_or(i64::MAX)).bind(ROWS);
    let rows: Vec<(i64, i64, String, String)> = select.fetch_all(&servers.postgres).await?;
    Ok(Page::of(rows, |(follow, ..)| *follow).map(|(_, id, handle, display_name)| Person { id, handle, display_name }))
}

fn profile_key(servers: &Servers, id: i64) -> String {
    servers.redis.key(format_args!("profile:{id}"))
}
