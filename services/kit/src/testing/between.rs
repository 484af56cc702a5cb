//! A wire between a service and one of its servers, which a test can cut, stall and mend.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// The wire: it listens on a port of its own, which stays the same while nothing listens there.
pub(super) struct Between {
    address: SocketAddr,
    server: String,
    stalled: watch::Sender<bool>,
    serving: Option<AbortHandle>,
    /// Bound, but listening to nobody: it keeps the port, and whoever connects is refused.
    _port: TcpSocket,
}

impl Between {
    /// A cut wire to `server`, a `host:port`.
    pub(super) fn cut_off(server: String) -> Self {
        let socket = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let address = socket.local_addr().expect("it is bound");
        Self { address, server, stalled: watch::Sender::new(false), serving: None, _port: socket }
    }

    /// Where the service shall look for its server.
    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on connections reach the server.
    pub(super) fn mend(&mut self) {
        self.stalled.send_replace(false);
        if self.serving.is_none() {
            let listener = bind(self.address).listen(64).expect("the port is kept for this");
            let serving = tokio::spawn(pass_on(listener, self.server.clone(), self.stalled.subscribe()));
            self.serving = Some(serving.abort_handle());
        }
    }

    /// Breaks all connections, and refuses new ones.
    pub(super) fn cut(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }

    /// Keeps all connections, and lets nothing through.
    pub(super) fn stall(&mut self) {
        self.stalled.send_replace(true);
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.cut();
    }
}

/// Two sockets may have one port as long as one of them listens at most.
fn bind(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("a fresh socket");
    socket.bind(address).expect("a free port");
    socket
}

/// Connections end with this task: the set that holds them is its own.
async fn pass_on(listener: TcpListener, server: String, stalled: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(connect(client, server.clone(), stalled.clone()));
    }
}

async fn connect(mut client: TcpStream, server: String, mut stalled: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let mut copying = std::pin::pin!(copy_bidirectional(&mut client, &mut server));
    loop {
        // What is not polled does not move.
        if stalled.wait_for(|stalled| !stalled).await.is_err() {
            return;
        }
        tokio::select! {
            _ended = &mut copying => return,
            changed = stalled.changed() => if changed.is_err() { return },
        }
    }
}
