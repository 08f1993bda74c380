//! What is refused, held and severed.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::*;

/// Longer than loopback takes for anything.
const SOON: Duration = Duration::from_millis(200);

/// Two processes with a connection between them: the dialled end and the accepted one.
async fn pair_of_links() -> (Local, [ProcessName; 2], Link, Link) {
    let network = Local::new(Ipv4Addr::LOCALHOST.into()).unwrap();
    let place = Place::take(Ipv4Addr::LOCALHOST.into(), 0).unwrap();
    let names: [ProcessName; 2] = [Arc::from("client"), Arc::from("memory")];
    network.add(place.address.port(), Arc::clone(&names[1]));
    let port = network.listen(place.address.port()).await.unwrap();
    let (dialled, accepted) = tokio::join!(network.dial(&names[0], place.address), port.accept());
    let (dialled, own) = dialled.unwrap();
    let (accepted, peer) = accepted.unwrap();
    assert_eq!(own, peer);
    (network, names, dialled, accepted)
}

#[tokio::test]
async fn only_this_machine_is_bound_or_dialled() {
    for elsewhere in ["0.0.0.0", "10.0.0.1", "::", "2001:db8::1"] {
        let elsewhere: IpAddr = elsewhere.parse().unwrap();
        let refused = [
            Local::new(elsewhere).err(),
            Place::take(elsewhere, 0).err(),
            listen((elsewhere, 0).into()).err(),
        ];
        for error in refused {
            assert_eq!(error.unwrap().kind(), io::ErrorKind::PermissionDenied);
        }
        let network = Local::new(Ipv4Addr::LOCALHOST.into()).unwrap();
        network.add(80, Arc::from("memory"));
        let client: ProcessName = Arc::from("client");
        let dialled = network.dial(&client, (elsewhere, 80).into()).await;
        let error = dialled.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}

#[tokio::test]
async fn who_is_no_process_is_sent_away() {
    let network = Local::new(Ipv4Addr::LOCALHOST.into()).unwrap();
    let place = Place::take(Ipv4Addr::LOCALHOST.into(), 0).unwrap();
    assert!(
        TcpStream::connect(place.address).await.is_err(),
        "it only keeps the port"
    );
    network.add(place.address.port(), Arc::from("memory"));
    let port = network.listen(place.address.port()).await.unwrap();
    let mut stranger = TcpStream::connect(place.address).await.unwrap();
    assert!(
        timeout(SOON, port.accept()).await.is_err(),
        "nobody comes in"
    );
    assert_eq!(stranger.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn what_is_held_arrives_when_it_is_released() {
    let (network, [client, memory], mut dialled, mut accepted) = pair_of_links().await;
    network.hold(&client, &memory);
    network.hold(&memory, &client);
    let mut byte = [0; 1];
    let mut sending = Box::pin(dialled.write_all(b"x"));
    assert!(timeout(SOON, &mut sending).await.is_err());
    network.release(&client, &memory);
    assert!(
        timeout(SOON, accepted.read(&mut byte)).await.is_err(),
        "one fault holds it still"
    );
    network.release(&client, &memory);
    let (sent, read) = tokio::join!(sending, accepted.read(&mut byte));
    assert_eq!((sent.unwrap(), read.unwrap(), byte), ((), 1, *b"x"));
}

#[tokio::test]
async fn a_severed_connection_is_silent_until_somebody_writes() {
    let (network, [client, memory], mut dialled, accepted) = pair_of_links().await;
    network.sever(&client, &memory);
    drop(accepted);
    let mut byte = [0; 1];
    assert!(
        timeout(SOON, dialled.read(&mut byte)).await.is_err(),
        "no end is told"
    );
    dialled.write_all(b"x").await.unwrap();
    let error = dialled.read(&mut byte).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}
