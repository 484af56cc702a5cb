//! How many requests one address may send: a token bucket each, in the memory of the process.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::Problem;

/// Addresses that are remembered before those that have been quiet are forgotten.
const REMEMBERED: usize = 10_000;

/// One bucket an address. It fills with `rate` tokens a second and holds twice as many.
#[derive(Clone)]
pub(crate) struct Limiter(Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>);

impl Limiter {
    /// `rate` in requests a second; 0 lets everything pass.
    pub(crate) fn new(rate: u32) -> Self {
        let quota =
            NonZeroU32::new(rate).map(|rate| Quota::per_second(rate).allow_burst(rate.saturating_add(rate.get())));
        Self(quota.map(|quota| Arc::new(RateLimiter::keyed(quota))))
    }

    /// The layer around every handler. A request without a peer (a test's, without a connection) always passes.
    pub(crate) async fn layer(self, request: Request, next: Next) -> Response {
        let peer = request.extensions().get().map(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| peer.ip());
        match peer.and_then(|peer| self.wait_s(peer)) {
            Some(seconds) => Problem::too_many("too many requests from this address", seconds).into_response(),
            None => next.run(request).await,
        }
    }

    /// Takes a token, or says in how many seconds there will be one.
    fn wait_s(&self, peer: IpAddr) -> Option<u64> {
        let limiter = self.0.as_ref()?;
        if limiter.len() > REMEMBERED {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        let refused = limiter.check_key(&network(peer)).err()?;
        Some(refused.wait_time_from(DefaultClock::default().now()).as_secs().max(1))
    }
}

/// What counts as one address: of IPv6 the network, since everybody has 2⁶⁴ of its addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_burst_ends_and_others_still_pass() {
        let limiter = Limiter::new(3);
        let answers: Vec<_> = (0..7).map(|_| limiter.wait_s(address("192.0.2.1"))).collect();
        assert_eq!(answers, [None, None, None, None, None, None, Some(1)]);
        assert_eq!(limiter.wait_s(address("192.0.2.2")), None);
    }

    #[test]
    fn without_a_rate_everything_passes() {
        assert!((0..1000).all(|_| Limiter::new(0).wait_s(address("192.0.2.1")).is_none()));
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_a_mapped_ipv4_address_itself() {
        assert_eq!(network(address("2001:db8::1")), network(address("2001:db8::2:3")));
        assert_ne!(network(address("2001:db8::1")), network(address("2001:db8:0:1::1")));
        assert_eq!(network(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }
}
