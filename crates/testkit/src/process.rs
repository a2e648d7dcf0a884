//! Child processes that end with the test.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often a process is asked how it is.
const POLL: Duration = Duration::from_millis(20);

/// The workspace's root folder.
pub(crate) fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A tool that the test command installs, there or on the path.
pub(crate) fn tool(name: &str) -> PathBuf {
    let installed = workspace().join("target/tools/bin").join(name);
    if installed.exists() {
        installed
    } else {
        PathBuf::from(name)
    }
}

/// A process that is killed when this goes out of scope.
#[derive(Debug)]
pub(crate) struct Running(Child);

impl Running {
    /// Starts `command` with its output in `log`.
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let open = || {
            std::fs::File::options()
                .create(true)
                .append(true)
                .open(log)
                .expect("a log file")
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(open())
            .stderr(open())
            .spawn();
        let program = command.get_program().to_owned();
        Self(child.unwrap_or_else(|error| {
            panic!(
                "{} cannot be started ({error}): run scripts/test, which installs it",
                program.display()
            )
        }))
    }

    /// Waits for the process to end by itself, but not for ever.
    pub(crate) fn wait(&mut self) -> std::process::ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("a process that can be asked") {
                return status;
            }
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "the process should have ended by itself"
            );
            std::thread::sleep(POLL);
        }
    }

    /// Waits until something listens on `port`.
    pub(crate) fn listening_on(mut self, port: u16, log: &Path) -> Self {
        let start = Instant::now();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            let ended = self.0.try_wait().expect("a process that can be asked");
            let late = start.elapsed() > Duration::from_secs(60);
            assert!(
                ended.is_none() && !late,
                "nothing listens on port {port}: {}",
                std::fs::read_to_string(log).unwrap_or_default()
            );
            std::thread::sleep(POLL);
        }
        self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something listens on `port`, for a process that is not ours to ask.
pub(crate) fn wait_for_port(port: u16, log: &Path) {
    let start = Instant::now();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "nothing listens on port {port}: {}",
            std::fs::read_to_string(log).unwrap_or_default()
        );
        std::thread::sleep(POLL);
    }
}

/// Python with boto3, of the test tools.
#[must_use]
pub fn python() -> Command {
    Command::new(tool("python"))
}

/// A port that is free now.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound address").port()
}

/// A new log file's path under the workspace's target folder.
pub(crate) fn log_file(name: &str, port: u16) -> PathBuf {
    let folder = workspace().join("target/test-logs");
    std::fs::create_dir_all(&folder).expect("a folder for logs");
    let path = folder.join(format!("{name}-{port}.log"));
    let _ = std::fs::remove_file(&path);
    path
}
