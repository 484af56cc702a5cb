//! The news that the process shall stop, for answers that would not end by themselves.

use tokio::sync::watch;

/// Whether the process has been told to stop. Clones share the news.
#[derive(Clone, Default)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Tells it to all who wait.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Waits until the process is told to stop. A stream ends then: the drain waits for it as for any other answer.
    pub async fn begun(self) {
        // It fails only without a sender, and `self` is one.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_hears_of_it_also_who_asks_late() {
        let stop = Stop::default();
        let waiting = tokio::spawn(stop.clone().begun());
        stop.begin();
        waiting.await.expect("no panic");
        stop.begun().await;
    }
}
