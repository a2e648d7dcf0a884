//! Flows: what a VPC flow log tells of the packets between two addresses, summed up over a
//! while. Its decoder is in `log`.

use std::net::IpAddr;

/// One flow's packets over a while.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// When the first packet came, in seconds since 1970.
    pub start: i64,
    /// When the last one came, in seconds since 1970.
    pub end: i64,
    /// Where the packets came from.
    pub source: Option<IpAddr>,
    /// Where they went.
    pub destination: Option<IpAddr>,
    /// The port that they went to.
    pub destination_port: Option<u16>,
    /// IANA's number: 6 is TCP, 17 UDP.
    pub protocol: Option<u8>,
    /// How many.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What became of them.
    pub action: Option<Action>,
}

/// What became of a flow's packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// They were let through.
    Accept,
    /// A security group or network ACL let none through.
    Reject,
}
