//! A private PostgreSQL server. In: nothing, or SQL to load. Out: its address. Its data live in a temporary folder that
//! goes with it; durability is off, so it never is a place to keep anything.

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{RealError, partner::Partner};

const WHAT: &str = "PostgreSQL";
const READY: &str = "database system is ready to accept connections";

/// Runs `initdb` and the server in the folder `$1` on the port `$2`, and ends with its own stdin. The server's log goes
/// to stdout, where the parent waits for its ready line. `immediate` shutdown (QUIT): there is nothing to save.
const SCRIPT: &str = r#"
initdb -D "$1/data" -U postgres -A trust --no-sync -E UTF8 --locale=C >&2 || exit 1
postgres -D "$1/data" -h 127.0.0.1 -p "$2" -c unix_socket_directories= \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=50 -c shared_buffers=32MB \
    </dev/null 2>&1 &
server=$!
(while read -r _; do :; done; kill -QUIT "$server") <&3 &
wait "$server"
rm -rf "$1/data"
"#;

/// The two ports are asked for and then bound a moment later, so another process can take one in between.
const ATTEMPTS: usize = 3;

/// A running PostgreSQL server with one empty database, private to the caller.
pub struct Postgres {
    partner: Partner,
    port: u16,
    programs: PathBuf,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// Starts a server: about two seconds. As root it runs under the user `postgres`, because it refuses root.
    pub fn start() -> Result<Self, RealError> {
        let mut last = RealError::Missing { what: WHAT };
        for _ in 0..ATTEMPTS {
            match Self::start_once() {
                Err(error @ RealError::NotReady { .. }) => last = error,
                done => return done,
            }
        }
        Err(last)
    }

    fn start_once() -> Result<Self, RealError> {
        let programs = programs().ok_or(RealError::Missing { what: WHAT })?;
        let folder = tempfile::Builder::new()
            .prefix("raccordo-postgres-")
            .tempdir()
            .map_err(RealError::process("making PostgreSQL's folder"))?;
        let port = free_port()?;
        let mut command = as_server_user(folder.path())?;
        command.arg("-c").arg(format!("exec 3<&0; {SCRIPT}")).arg("postgres-for-tests");
        command.arg(folder.path()).arg(port.to_string());
        command.env("PATH", with_programs(&programs)).env("HOME", folder.path()).current_dir(folder.path());
        let partner = Partner::start(WHAT, &mut command)?;
        let server = Self { partner, port, programs, folder };
        let mut log = String::new();
        loop {
            match server.partner.next_line() {
                Ok(line) if line.contains(READY) => return Ok(server),
                Ok(line) => log.extend([line.as_str(), "\n"]),
                Err(_) => {
                    let said = format!("{}\n{log}", server.partner.said());
                    return Err(RealError::NotReady { what: WHAT, said });
                }
            }
        }
    }

    /// The address of the empty database, for a superuser without a password.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs SQL (several statements, `COPY … FROM STDIN` too) with `psql`, stopping at the first error.
    pub fn load(&self, sql: &str) -> Result<(), RealError> {
        let mut child = Command::new(self.programs.join("psql"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-f", "-", &self.url()])
            .env("HOME", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(RealError::process("starting psql"))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A pipe that psql closed early is an error it explains itself, below.
            drop(stdin.write_all(sql.as_bytes()));
        }
        let output = child.wait_with_output().map_err(RealError::process("waiting for psql"))?;
        if output.status.success() {
            return Ok(());
        }
        Err(RealError::Failed { what: "psql", said: String::from_utf8_lossy(&output.stderr).into_owned() })
    }

    /// Stops the server now: its address refuses connections from here on.
    pub fn stop(&mut self) {
        self.partner.stop();
    }
}

/// A shell that runs as whoever may run the server, who then also owns the folder.
fn as_server_user(folder: &Path) -> Result<Command, RealError> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        return Ok(Command::new("sh"));
    }
    let owned = Command::new("chown").arg("postgres:").arg(folder).status();
    if !owned.map_err(RealError::process("giving PostgreSQL its folder"))?.success() {
        return Err(RealError::Missing { what: "the user `postgres`" });
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
    Ok(command)
}

/// The folder of the server's programs: Debian keeps them off the PATH, one folder a version.
fn programs() -> Option<PathBuf> {
    let versions =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|one| one.path().join("bin"));
    let newest = versions.filter(|bin| bin.join("initdb").exists()).max_by_key(|bin| version_of(bin));
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest.or_else(|| std::env::split_paths(&path).find(|bin| bin.join("initdb").exists()))
}

fn version_of(bin: &Path) -> Option<u32> {
    bin.parent()?.file_name()?.to_str()?.parse().ok()
}

fn with_programs(programs: &Path) -> std::ffi::OsString {
    let mut path = programs.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

pub(super) fn free_port() -> Result<u16, RealError> {
    let asking = || RealError::process("asking for a free port");
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(asking())?;
    Ok(listener.local_addr().map_err(asking())?.port())
}
