//! What a caller sees with the real servers behind.

use cdn_service::SERVICE;
use kit::testing::with_servers;
use serde_json::json;

#[tokio::test]
async fn a_purge_changes_the_keys_of_its_tag_only() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        let origin = json!({ "upstream": "https://files.example.org" });
        api.put("/origins/img.example.org", &origin).await.expect(204);
        let key = async |tag: &str| {
            let path = format!("/origins/img.example.org/key?path=/a.png&tag={tag}");
            api.get(&path).await.expect(200)["key"].clone()
        };
        assert_eq!(key("photos").await, "img.example.org/a.png#photos.0");
        assert_eq!(api.post("/tags/photos/purge", &json!(null)).await.expect(200)["version"], 1);
        assert_eq!(key("photos").await, "img.example.org/a.png#photos.1");
        assert_eq!(key("styles").await, "img.example.org/a.png#styles.0");
    })
    .await;
}

#[tokio::test]
async fn a_host_without_an_origin_is_not_found_and_an_origin_can_move() {
    with_servers(&SERVICE, |api| async move {
        let path = "/origins/img.example.org/key?path=/&tag=a";
        api.get(path).await.expect(404);
        for upstream in ["https://one.example.org", "https://two.example.org"] {
            api.put("/origins/img.example.org", &json!({ "upstream": upstream })).await.expect(204);
            assert_eq!(api.get(path).await.expect(200)["upstream"], upstream);
        }
    })
    .await;
}
