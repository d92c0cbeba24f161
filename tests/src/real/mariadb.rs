//! A private MariaDB server. In: nothing, or SQL to load. Out: its address. Its data live in a temporary folder that
//! goes with it; durability is off, so it never is a place to keep anything.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use super::{RealError, partner::Partner, postgres::free_port};

const WHAT: &str = "MariaDB";
const READY: &str = "ready for connections";

/// Makes the data folder and runs the server in the folder `$1` on the port `$2` with the options that follow, and ends with its own stdin.
/// The server's log goes to stdout, where the parent waits for its ready line. Killed at the end: there is nothing to save.
const SCRIPT: &str = r#"
folder=$1; port=$2; shift 2
mariadb-install-db --no-defaults --datadir="$folder/data" --auth-root-authentication-method=normal --skip-test-db >&2 || exit 1
mariadbd --no-defaults --datadir="$folder/data" --bind-address=127.0.0.1 --port="$port" --socket="$folder/socket" --pid-file="$folder/pid" \
    --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=32M --innodb-log-file-size=16M \
    --character-set-server=latin1 --collation-server=latin1_swedish_ci "$@" </dev/null 2>&1 &
server=$!
(while read -r _; do :; done; kill -KILL "$server") <&3 &
wait "$server"
rm -rf "$folder/data"
"#;

/// The port is asked for and then bound a moment later, so another process can take it in between.
const ATTEMPTS: usize = 3;

/// A running MariaDB server with one empty database, private to the caller. Its tables are latin1 where they don't say otherwise, as old ones are.
pub struct MariaDb {
    partner: Partner,
    port: u16,
    folder: tempfile::TempDir,
}

impl MariaDb {
    /// Starts a server: about four seconds. As root it runs under the user `mysql`, because it refuses root.
    pub fn start() -> Result<Self, RealError> {
        Self::start_with(&[])
    }

    /// The same, with further options of the server.
    pub fn start_with(options: &[&str]) -> Result<Self, RealError> {
        let mut last = RealError::Missing { what: WHAT };
        for _ in 0..ATTEMPTS {
            match Self::start_once(options) {
                Err(error @ RealError::NotReady { .. }) => last = error,
                done => return done,
            }
        }
        Err(last)
    }

    fn start_once(options: &[&str]) -> Result<Self, RealError> {
        if !is_installed() {
            return Err(RealError::Missing { what: WHAT });
        }
        let folder = tempfile::Builder::new()
            .prefix("raccordo-mariadb-")
            .tempdir()
            .map_err(RealError::process("making MariaDB's folder"))?;
        let port = free_port()?;
        let mut command = as_server_user(folder.path())?;
        command.arg("-c").arg(format!("exec 3<&0; {SCRIPT}")).arg("mariadb-for-tests");
        command.arg(folder.path()).arg(port.to_string()).args(options);
        command.env("PATH", with_programs()).env("HOME", folder.path()).current_dir(folder.path());
        let partner = Partner::start(WHAT, &mut command)?;
        let server = Self { partner, port, folder };
        let mut log = String::new();
        loop {
            match server.partner.next_line() {
                Ok(line) if line.contains(READY) => break,
                Ok(line) => log.extend([line.as_str(), "\n"]),
                Err(_) => {
                    let said = format!("{}\n{log}", server.partner.said());
                    return Err(RealError::NotReady { what: WHAT, said });
                }
            }
        }
        server.run("mysql", "CREATE DATABASE prova")?;
        Ok(server)
    }

    /// The address of the empty database, for a superuser without a password.
    pub fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/prova", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs SQL (several statements) with `mariadb`, stopping at the first error.
    pub fn load(&self, sql: &str) -> Result<(), RealError> {
        self.run("prova", sql)
    }

    fn run(&self, database: &str, sql: &str) -> Result<(), RealError> {
        let mut child = Command::new("mariadb")
            .args([
                "--no-defaults",
                "--protocol=tcp",
                "-h",
                "127.0.0.1",
                "-u",
                "root",
                "--default-character-set=utf8mb4",
            ])
            .args(["-P", &self.port.to_string(), database])
            .env("PATH", with_programs())
            .env("HOME", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(RealError::process("starting mariadb"))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A pipe that the client closed early is an error it explains itself, below.
            drop(stdin.write_all(sql.as_bytes()));
        }
        let output = child.wait_with_output().map_err(RealError::process("waiting for mariadb"))?;
        if output.status.success() {
            return Ok(());
        }
        Err(RealError::Failed { what: "mariadb", said: String::from_utf8_lossy(&output.stderr).into_owned() })
    }

    /// Stops the server now: its address refuses connections from here on.
    pub fn stop(&mut self) {
        self.partner.stop();
    }
}

fn is_installed() -> bool {
    let has =
        |program: &str| std::env::split_paths(&with_programs()).any(|folder| folder.join(program).exists());
    has("mariadbd") && has("mariadb-install-db") && has("mariadb")
}

/// Debian keeps the server in `sbin`, which isn't on everybody's PATH.
fn with_programs() -> std::ffi::OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin");
    path
}

/// A shell that runs as whoever may run the server, who then also owns the folder.
fn as_server_user(folder: &Path) -> Result<Command, RealError> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        return Ok(Command::new("sh"));
    }
    let owned = Command::new("chown").arg("mysql:").arg(folder).status();
    if !owned.map_err(RealError::process("giving MariaDB its folder"))?.success() {
        return Err(RealError::Missing { what: "the user `mysql`" });
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=mysql", "--regid=mysql", "--clear-groups", "sh"]);
    Ok(command)
}
