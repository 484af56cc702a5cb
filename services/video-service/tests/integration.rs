//! What a caller sees with the real servers behind.

use kit::testing::with_servers;
use serde_json::json;
use video_service::SERVICE;

#[tokio::test]
async fn a_job_goes_to_one_worker_whose_progress_is_seen() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        let new = json!({ "source": "https://example.org/a.mp4", "width": 640, "height": 480 });
        let job = api.post("/jobs", &new).await.expect(201);
        assert_eq!(job["heights"], json!([480, 240]));
        assert_eq!(api.post("/claims", &json!({ "worker": "a" })).await.expect(200)["id"], job["id"]);
        api.post("/claims", &json!({ "worker": "b" })).await.expect(204);

        let path = format!("/jobs/{}", job["id"]);
        let progress = format!("{path}/progress");
        api.put(&progress, &json!({ "worker": "b", "percent": 40 })).await.expect(409);
        api.put(&progress, &json!({ "worker": "a", "percent": 40 })).await.expect(204);
        let seen = api.get(&path).await.expect(200);
        assert_eq!((&seen["worker"], &seen["percent"]), (&json!("a"), &json!(40)));
    })
    .await;
}

#[tokio::test]
async fn a_job_that_was_never_added_is_not_found() {
    with_servers(&SERVICE, |api| async move {
        api.get("/jobs/1").await.expect(404);
        api.put("/jobs/1/progress", &json!({ "worker": "a", "percent": 1 })).await.expect(404);
    })
    .await;
}
