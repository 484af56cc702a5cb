//! What a caller sees with the real servers behind.

use std::collections::BTreeSet;
use std::time::Duration;

use kit::testing::{Api, Reply, faults, with_servers};
use serde_json::{Value, json};
use tokio::time::timeout;
use video_service::SERVICE;
use video_service::domain::ATTEMPTS;

async fn order(api: &Api) -> Value {
    let new = json!({ "source": "https://example.org/a.mp4", "width": 640, "height": 480 });
    api.post("/jobs", &new).await.expect(201)
}

/// The claim's token as a caller, and the path of its job.
fn held(api: &Api, claim: &Value) -> (Api, String) {
    (api.bearer(claim["token"].as_str().expect("a token")), format!("/jobs/{}", claim["job"]["id"]))
}

async fn claim(api: &Api) -> (Api, String) {
    held(api, &api.post("/claims", &json!({ "worker": "a" })).await.expect(201))
}

async fn cancel(api: &Api, path: &str) -> Reply {
    api.put(&format!("{path}/cancellation"), &json!({})).await
}

fn delivery() -> Value {
    json!({ "urls": { "480p": "https://example.org/480.mp4", "240p": "https://example.org/240.mp4" } })
}

/// Asks until a job waits.
async fn next_claim(api: &Api) -> Value {
    loop {
        let asked = api.post("/claims", &json!({ "worker": "b" })).await;
        if asked.status != 204 {
            return asked.expect(201);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_job_is_claimed_reported_and_delivered() {
    with_servers(&SERVICE, |api| async move {
        let job = order(&api).await;
        assert_eq!((&job["state"], &job["percent"]), (&json!("waiting"), &json!(0)));
        assert_eq!(job["renditions"][1], json!({ "name": "240p", "width": 320, "height": 240, "url": null }));
        let (worker, path) = claim(&api).await;
        api.post("/claims", &json!({ "worker": "b" })).await.expect(204);
        assert_eq!(api.get(&path).await.expect(200)["percent"], json!(null));
        worker.put(&format!("{path}/progress"), &json!({ "percent": 40 })).await.expect(204);
        let seen = api.get(&path).await.expect(200);
        assert_eq!((&seen["state"], &seen["worker"], &seen["percent"]), (&json!("running"), &json!("a"), &json!(40)));

        let deliver = format!("{path}/delivery");
        let refused = worker.put(&deliver, &json!({ "urls": { "480p": "https://example.org/a" } })).await.expect(400);
        assert_eq!(refused["detail"], "deliver the renditions 480p, 240p, each once, and no others");
        worker.put(&deliver, &delivery()).await.expect(204);
        let done = api.get(&path).await.expect(200);
        assert_eq!((&done["state"], &done["percent"]), (&json!("done"), &json!(100)));
        assert_eq!(done["renditions"][0]["url"], "https://example.org/480.mp4");
        // The answer may have been lost.
        worker.put(&deliver, &delivery()).await.expect(204);
        cancel(&api, &path).await.expect(409);
    })
    .await;
}

#[tokio::test]
async fn workers_that_ask_at_once_get_different_jobs() {
    with_servers(&SERVICE, |api| async move {
        for _ in 0..3 {
            order(&api).await;
        }
        let ask = async || api.post("/claims", &json!({ "worker": "a" })).await;
        let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
        let ids: BTreeSet<String> = [&a, &b, &c, &d].map(|claim| claim.body["job"]["id"].to_string()).into();
        assert_eq!(ids, ["1", "2", "3", "null"].map(str::to_owned).into());
    })
    .await;
}

#[tokio::test]
async fn only_the_holder_of_the_claim_is_heard() {
    with_servers(&SERVICE, |api| async move {
        order(&api).await;
        let (worker, path) = claim(&api).await;
        let stranger = api.bearer("another");
        for (what, body) in
            [("progress", json!({ "percent": 1 })), ("delivery", delivery()), ("failure", json!({ "reason": "x" }))]
        {
            stranger.put(&format!("{path}/{what}"), &body).await.expect(409);
            stranger.put(&format!("/jobs/99/{what}"), &body).await.expect(404);
        }
        assert_eq!(api.get(&path).await.expect(200)["state"], "running");

        cancel(&api, &path).await.expect(204);
        cancel(&api, &path).await.expect(204);
        worker.put(&format!("{path}/progress"), &json!({ "percent": 1 })).await.expect(409);
        worker.put(&format!("{path}/delivery"), &delivery()).await.expect(409);
        assert_eq!(api.get(&path).await.expect(200)["state"], "cancelled");
        api.post("/claims", &json!({ "worker": "b" })).await.expect(204);
    })
    .await;
}

#[tokio::test]
async fn of_a_delivery_and_a_cancel_at_once_one_wins() {
    with_servers(&SERVICE, |api| async move {
        for _ in 0..10 {
            order(&api).await;
            let (worker, path) = claim(&api).await;
            let (deliver, body) = (format!("{path}/delivery"), delivery());
            let (delivered, cancelled) = tokio::join!(worker.put(&deliver, &body), cancel(&api, &path));
            let state = api.get(&path).await.expect(200)["state"].clone();
            let statuses = (delivered.status.as_u16(), cancelled.status.as_u16());
            assert_eq!(statuses, if state == "done" { (204, 409) } else { (409, 204) }, "{state}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_job_whose_worker_is_silent_goes_to_another_one() {
    with_servers(&SERVICE, |api| async move {
        order(&api).await;
        let lost = api.post("/claims", &json!({ "worker": "a", "lease_s": 1 })).await.expect(201);
        let (lost, path) = held(&api, &lost);
        lost.put(&format!("{path}/progress"), &json!({ "percent": 90 })).await.expect(204);
        let next = timeout(Duration::from_secs(10), next_claim(&api)).await.expect("the lease ends");
        let job = &next["job"];
        assert_eq!((&job["worker"], &job["attempts"], &job["percent"]), (&json!("b"), &json!(2), &json!(null)));
        assert_eq!(job["error"], "the worker was silent for longer than its lease");
        lost.put(&format!("{path}/progress"), &json!({ "percent": 95 })).await.expect(409);
        lost.put(&format!("{path}/delivery"), &delivery()).await.expect(409);
        held(&api, &next).0.put(&format!("{path}/delivery"), &delivery()).await.expect(204);
    })
    .await;
}

#[tokio::test]
async fn a_job_has_failed_after_its_last_attempt() {
    with_servers(&SERVICE, |api| async move {
        order(&api).await;
        for attempt in 1..=ATTEMPTS {
            let (worker, path) = claim(&api).await;
            let reason = json!({ "reason": format!("crash {attempt}") });
            // Twice: the answer may have been lost, and is one attempt all the same.
            worker.put(&format!("{path}/failure"), &reason).await.expect(204);
            worker.put(&format!("{path}/failure"), &reason).await.expect(204);
        }
        api.post("/claims", &json!({ "worker": "a" })).await.expect(204);
        let failed = api.get("/jobs?state=failed").await.expect(200)["items"][0].clone();
        assert_eq!((&failed["attempts"], &failed["error"]), (&json!(ATTEMPTS), &json!(format!("crash {ATTEMPTS}"))));
        cancel(&api, &format!("/jobs/{}", failed["id"])).await.expect(409);
    })
    .await;
}

#[tokio::test]
async fn jobs_are_listed_by_state_in_pages() {
    with_servers(&SERVICE, |api| async move {
        for _ in 0..52 {
            order(&api).await;
        }
        claim(&api).await;
        let first = api.get("/jobs?state=waiting").await.expect(200);
        assert_eq!((first["items"].as_array().map(Vec::len), &first["next"]), (Some(50), &json!(51)));
        let last = api.get("/jobs?state=waiting&after=51").await.expect(200);
        assert_eq!((&last["items"][0]["id"], &last["next"]), (&json!(52), &json!(null)));
        let running = api.get("/jobs?state=running").await.expect(200);
        assert_eq!(running["items"][0]["renditions"][0]["name"], "480p");
        assert_eq!(api.get("/jobs?state=done").await.expect(200)["items"], json!([]));
        api.get("/jobs/99").await.expect(404);
        cancel(&api, "/jobs/99").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_video-service"), "/jobs/1").await;
}
