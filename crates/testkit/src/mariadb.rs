//! Throwaway MariaDB servers on loopback, with TLS and an authority of their own.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::authority::Authority;
use crate::process::{free_port, log_file, wait_for_port};

/// The only address that a server listens on, and the only name that its certificate
/// is for.
const ADDRESS: &str = "127.0.0.1";

/// Runs a server until its standard input says `stop` or ends, as it does when the
/// test's process ends in whatever way; in the second case its folder goes, too.
const UNTIL_END_OF_INPUT: &str = r#"
folder=$1; shift
"$@" & server=$!
read -r word
kill -KILL $server
wait $server 2>/dev/null
[ "$word" = stop ] || rm -rf "$folder"
"#;

/// A MariaDB server with nothing in it. Its administrator comes in by its socket.
#[derive(Debug)]
pub struct MariaDb {
    folder: PathBuf,
    port: u16,
    tls: bool,
    process: Mutex<Option<Child>>,
    databases: AtomicUsize,
}

impl MariaDb {
    /// Starts a server that takes no connection without TLS.
    #[must_use]
    pub fn start() -> Self {
        let server = Self::install(true);
        server.resume();
        server
    }

    /// Starts a server that offers no TLS.
    #[must_use]
    pub fn without_tls() -> Self {
        let server = Self::install(false);
        server.resume();
        server
    }

    /// The server of all tests of this process, for those that need only a database
    /// of their own. It requires TLS.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<MariaDb> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn install(tls: bool) -> Self {
        let port = free_port();
        // A socket's path may have 107 bytes, so not under the workspace.
        let folder = std::env::temp_dir().join(format!("sitewatch-mariadb-{port}"));
        let _ = std::fs::remove_dir_all(&folder);
        // A server that starts deletes the temporary tables of all that share a folder.
        std::fs::create_dir_all(folder.join("tmp")).expect("a folder for a database");
        let mut install = command("mariadb-install-db");
        install.args(["--no-defaults", "--auth-root-authentication-method=normal"]);
        install.args(["--skip-test-db", "--innodb-log-file-size=8M"]);
        install.arg(option("--datadir", &folder.join("data")));
        install.arg(option("--tmpdir", &folder.join("tmp")));
        install.args(as_user(&folder));
        let output = install.output().unwrap_or_else(|error| {
            panic!("mariadb-install-db cannot be started ({error}): run scripts/test, which installs it")
        });
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );

        let authority = Authority::new("testkit");
        let (certificate, key) = authority.vouch_for(ADDRESS);
        for (name, text) in [
            ("ca.pem", authority.pem()),
            ("cert.pem", &certificate),
            ("key.pem", &key),
        ] {
            std::fs::write(folder.join(name), text).expect("a written file");
        }
        Self {
            folder,
            port,
            tls,
            process: Mutex::new(None),
            databases: AtomicUsize::new(0),
        }
    }

    /// Starts the server again, with all that it holds, on its port.
    pub fn resume(&self) {
        let log = log_file("mariadb", self.port);
        let output = || {
            let file = std::fs::File::options()
                .create(true)
                .append(true)
                .open(&log);
            file.expect("a log file")
        };
        let mut shell = command("sh");
        shell
            .args(["-c", UNTIL_END_OF_INPUT, "sh"])
            .arg(&self.folder);
        shell.args(["mariadbd", "--no-defaults", "--skip-log-bin"]);
        shell.args(["--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M"]);
        shell.args(["--innodb-flush-log-at-trx-commit=2", "--skip-name-resolve"]);
        // Nobody may rely on what another server would do otherwise.
        shell.args(["--sql-mode=ANSI_QUOTES", "--default-time-zone=-05:00"]);
        shell.arg(option("--datadir", &self.folder.join("data")));
        shell.arg(option("--tmpdir", &self.folder.join("tmp")));
        shell.arg(option("--socket", &self.socket()));
        shell.arg(format!("--port={}", self.port));
        shell.arg(format!("--bind-address={ADDRESS}"));
        shell.args(as_user(&self.folder));
        if self.tls {
            shell.arg("--require-secure-transport=ON");
            shell.arg(option("--ssl-ca", &self.ca_file()));
            shell.arg(option("--ssl-cert", &self.folder.join("cert.pem")));
            shell.arg(option("--ssl-key", &self.folder.join("key.pem")));
        }
        shell
            .stdin(Stdio::piped())
            .stdout(output())
            .stderr(output());
        let child = shell.spawn().expect("a shell");
        let mut process = self.process.lock().expect("a server");
        assert!(process.is_none(), "the server is running already");
        *process = Some(child);
        wait_for_port(self.port, &log);
    }

    /// Kills the server without a word. What it has committed stays.
    pub fn stop(&self) {
        let process = self.process.lock().expect("a server").take();
        let mut shell = process.expect("a running server");
        let mut input = shell.stdin.take().expect("a pipe to the shell");
        input.write_all(b"stop\n").expect("a shell that reads");
        let _ = shell.wait();
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the authority that vouches for it as 127.0.0.1, and for no
    /// other name.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Makes an empty database that nobody else has, and a user of the same name who
    /// may do anything in it and nothing elsewhere.
    pub fn create_database(&self, password: &str) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        self.sql(
            "mysql",
            &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
        );
        self.sql(
            "mysql",
            &format!("CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'"),
        );
        self.sql("mysql", &format!("GRANT ALL ON {name}.* TO '{name}'@'%'"));
        name
    }

    /// Gives a user another password.
    pub fn set_password(&self, user: &str, password: &str) {
        self.sql(
            "mysql",
            &format!("ALTER USER '{user}'@'%' IDENTIFIED BY '{password}'"),
        );
    }

    /// Runs statements as the administrator and returns what they find: rows of texts
    /// as MariaDB's own client shows them, `NULL` among them.
    pub fn sql(&self, database: &str, statements: &str) -> Vec<Vec<String>> {
        let mut client = command("mariadb");
        client.args([
            "--no-defaults",
            "--user=root",
            "--batch",
            "--skip-column-names",
        ]);
        client.arg(option("--socket", &self.socket()));
        let output = client.args(["--execute", statements, database]).output();
        let output = output.expect("MariaDB's client, which scripts/test installs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statements}: {error}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let row = |line: &str| line.split('\t').map(str::to_owned).collect();
        text.lines().map(row).collect()
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        let process = self.process.get_mut().map(Option::take);
        if let Ok(Some(mut shell)) = process {
            drop(shell.stdin.take());
            let _ = shell.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Debian keeps servers where not every user's path leads.
fn command(program: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command
        .env("PATH", format!("{path}:/usr/sbin"))
        .stdin(Stdio::null());
    command
}

fn option(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

/// A server runs as root only if it is told to.
fn as_user(folder: &Path) -> Option<&'static str> {
    let owner = std::fs::metadata(folder).expect("a folder").uid();
    (owner == 0).then_some("--user=root")
}
