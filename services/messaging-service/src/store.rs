//! What is kept: conversations and messages in `PostgreSQL`; in Redis what is unread, and how much was just sent.

use kit::{Answer, Cursor, Page, ROWS, Servers};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{SENT_WITHIN_S, UNREAD_AT_MOST};

/// A conversation, as one of its members sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Conversation {
    /// Its number.
    pub id: i64,
    /// Everybody who takes part.
    pub members: Vec<Member>,
    /// The number of the last message; 0 before the first.
    pub last: i64,
    /// How many messages of others are behind the own read mark. Counting ends at 1000.
    pub unread: i64,
}

/// A member of a conversation, and the read mark.
#[derive(Debug, Serialize, ToSchema)]
pub struct Member {
    /// The number of the account.
    pub id: i64,
    /// The number of the last message that the member has read; 0 before the first.
    pub read_to: i64,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// Its number in the conversation: 1, 2, 3, without gaps.
    pub number: i64,
    /// Who sent it.
    pub sender: i64,
    /// The sender's name for it.
    pub key: String,
    /// What it says.
    pub text: String,
    /// When it was sent.
    #[schema(format = DateTime)]
    pub sent_at: String,
}

/// How much somebody has not read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Unread {
    /// Messages in all conversations. Counting ends at 1000 in each.
    pub messages: i64,
    /// Conversations that have any.
    pub conversations: i64,
}

/// What became of a message.
pub enum Sent {
    /// It is there now.
    New(Message),
    /// It was there before: this request repeats another one.
    Before(Message),
    /// Another text of the same sender has this key.
    Other,
}

/// Opens the conversation of these people, in ascending order, and answers its number and whether it is new.
pub async fn open(servers: &Servers, people: &[i64]) -> Answer<(i64, bool)> {
    let insert = "with opened as (insert into conversations (people) values ($1) on conflict do nothing returning id),
        joined as (insert into members (conversation, member) select id, unnest($1) from opened)
        select id from opened";
    if let Some(id) = sqlx::query_scalar(insert).bind(people).fetch_optional(&servers.postgres).await? {
        return Ok((id, true));
    }
    let select = sqlx::query_scalar("select id from conversations where people = $1").bind(people);
    Ok((select.fetch_one(&servers.postgres).await?, false))
}

/// The conversation with this number, if the user is a member.
pub async fn conversation(servers: &Servers, user: i64, id: i64) -> Answer<Option<Conversation>> {
    Ok(conversations_between(servers, user, id, id).await?.pop())
}

/// The conversations of a user: the latest first.
pub async fn conversations(servers: &Servers, user: i64, cursor: Cursor) -> Answer<Page<Conversation>> {
    let newest = cursor.after.map_or(i64::MAX, |after| after.saturating_sub(1));
    Ok(Page::of(conversations_between(servers, user, 1, newest).await?, |conversation| conversation.id))
}

/// A conversation as a row: number, last message, unread, members, and their read marks in the same order.
type Seen = (i64, i64, i64, Vec<i64>, Vec<i64>);

async fn conversations_between(servers: &Servers, user: i64, from: i64, to: i64) -> Answer<Vec<Conversation>> {
    let select = "select id, last,
            (select count(*) from (select from messages where messages.conversation = id and number > mine.read_to
                and sender <> mine.member limit $5) as behind),
            array(select member from members where conversation = id order by member),
            array(select read_to from members where conversation = id order by member)
        from members as mine join conversations on id = mine.conversation
        where mine.member = $1 and mine.conversation between $2 and $3
        order by mine.conversation desc limit $4";
    let select = sqlx::query_as(select).bind(user).bind(from).bind(to).bind(ROWS).bind(UNREAD_AT_MOST);
    let rows: Vec<Seen> = select.fetch_all(&servers.postgres).await?;
    let conversations = rows.into_iter().map(|(id, last, unread, people, marks)| {
        let members = people.into_iter().zip(marks).map(|(id, read_to)| Member { id, read_to }).collect();
        Conversation { id, members, last, unread }
    });
    Ok(conversations.collect())
}

/// Counts one more message of a sender, and answers how many there are in the window.
pub async fn count_sent(servers: &Servers, sender: i64) -> Answer<u64> {
    let key = servers.redis.key(format_args!("sent:{sender}"));
    servers.redis.count_within(&key, SENT_WITHIN_S).await
}

/// Adds a message once, however often it is sent. Nothing when the sender is no member.
pub async fn send(servers: &Servers, conversation: i64, sender: i64, key: &str, text: &str) -> Answer<Option<Sent>> {
    let people = sqlx::query_scalar("select people from conversations where id = $1").bind(conversation);
    let people: Option<Vec<i64>> = people.fetch_optional(&servers.postgres).await?;
    let Some(people) = people.filter(|people| people.contains(&sender)) else { return Ok(None) };
    let readers = people.into_iter().filter(|reader| *reader != sender);
    let unread: Vec<String> = readers.map(|reader| unread_key(servers, reader)).collect();
    let added = servers.redis.dropping(&unread, add(servers, conversation, sender, key, text)).await?;
    if let Some(message) = added {
        return Ok(Some(Sent::New(message)));
    }
    let select = "select number, sender, key, text, utc(sent_at)
        from messages where conversation = $1 and sender = $2 and key = $3";
    let before = sqlx::query_as(select).bind(conversation).bind(sender).bind(key);
    let before = message_of(before.fetch_one(&servers.postgres).await?);
    Ok(Some(if before.text == text { Sent::Before(before) } else { Sent::Other }))
}

/// Adds a message under the next number, or nothing when the sender has used the key before.
async fn add(servers: &Servers, conversation: i64, sender: i64, key: &str, text: &str) -> Answer<Option<Message>> {
    let next = "update conversations set last = last + 1 where id = $1 returning last";
    let insert = "insert into messages (conversation, number, sender, key, text) values ($1, $2, $3, $4, $5)
        on conflict (conversation, sender, key) do nothing
        returning number, sender, key, text, utc(sent_at)";
    let mut steps = servers.postgres.begin().await?;
    let number: i64 = sqlx::query_scalar(next).bind(conversation).fetch_one(&mut *steps).await?;
    let insert = sqlx::query_as(insert).bind(conversation).bind(number).bind(sender).bind(key).bind(text);
    let Some(row) = insert.fetch_optional(&mut *steps).await? else {
        // The number goes back, so that there are no gaps.
        steps.rollback().await?;
        return Ok(None);
    };
    steps.commit().await?;
    Ok(Some(message_of(row)))
}

/// The messages behind a number: the oldest first.
pub async fn messages(servers: &Servers, conversation: i64, cursor: Cursor) -> Answer<Page<Message>> {
    let select = "select number, sender, key, text, utc(sent_at)
        from messages where conversation = $1 and number > $2 order by number limit $3";
    let select = sqlx::query_as(select).bind(conversation).bind(cursor.after.unwrap_or(0)).bind(ROWS);
    let rows: Vec<Row> = select.fetch_all(&servers.postgres).await?;
    Ok(Page::of(rows.into_iter().map(message_of).collect(), |message| message.number))
}

/// Whether somebody is a member of a conversation.
pub async fn is_member(servers: &Servers, user: i64, conversation: i64) -> Answer<bool> {
    let select = "select exists (select from members where member = $1 and conversation = $2)";
    Ok(sqlx::query_scalar(select).bind(user).bind(conversation).fetch_one(&servers.postgres).await?)
}

/// Moves a member's read mark forward to a number, at most to the last message. False when the user is no member.
pub async fn mark_read(servers: &Servers, user: i64, conversation: i64, number: i64) -> Answer<bool> {
    let update = "update members set read_to = greatest(read_to, least($3, last)) from conversations
        where member = $1 and conversation = $2 and id = conversation";
    let update = sqlx::query(update).bind(user).bind(conversation).bind(number);
    let marked = async { Ok(update.execute(&servers.postgres).await?.rows_affected() > 0) };
    servers.redis.dropping(&[unread_key(servers, user)], marked).await
}

/// How much a user has not read.
pub async fn unread(servers: &Servers, user: i64) -> Answer<Unread> {
    let count = async {
        let count = "select coalesce(sum(unread), 0)::bigint, count(*) filter (where unread > 0) from members,
            lateral (select count(*) as unread from (select from messages where messages.conversation = members.conversation
                and number > read_to and sender <> member limit $2) as behind) as counted
            where member = $1";
        let count = sqlx::query_as(count).bind(user).bind(UNREAD_AT_MOST);
        let (messages, conversations) = count.fetch_one(&servers.postgres).await?;
        Ok(Unread { messages, conversations })
    };
    servers.redis.cached(&unread_key(servers, user), count).await
}

type Row = (i64, i64, String, String, String);

fn message_of((number, sender, key, text, sent_at): Row) -> Message {
    Message { number, sender, key, text, sent_at }
}

fn unread_key(servers: &Servers, user: i64) -> String {
    servers.redis.key(format_args!("unread:{user}"))
}
