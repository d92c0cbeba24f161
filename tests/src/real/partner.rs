//! One partner's process. In: a command. Out: the lines it writes on stdout, one by one. It never outlives its parent:
//! every partner ends when its stdin does, and the system closes that for us however the test ends.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{PATIENCE, RealError};

/// How much of a partner's stderr is kept for an error's text.
const STDERR_LINES: usize = 40;

/// How long a partner may take to end by itself once its stdin is closed.
const FAREWELL: Duration = Duration::from_secs(5);

/// A request as a partner received it, for tests of what leaves the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query, as sent.
    pub url: String,
    /// Headers by lower-case name.
    pub headers: serde_json::Map<String, Value>,
    /// The body as text; empty where there was none.
    pub body: String,
}

/// A running partner.
pub(super) struct Partner {
    what: &'static str,
    child: Child,
    stdin: Option<ChildStdin>,
    /// Behind a mutex only so that a partner can be shared between a test's tasks.
    stdout: Mutex<Receiver<String>>,
    stderr: Arc<Mutex<VecDeque<String>>>,
    marks: u64,
}

impl Partner {
    /// Starts a command with all three streams piped.
    pub(super) fn start(what: &'static str, command: &mut Command) -> Result<Self, RealError> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(RealError::process(format!("starting {what}")))?;
        let stderr = Arc::new(Mutex::new(VecDeque::new()));
        let (send, stdout) = mpsc::channel();
        let send_line = move |line| drop(send.send(line));
        read_lines(child.stdout.take(), send_line);
        let kept = Arc::clone(&stderr);
        read_lines(child.stderr.take(), move |line| keep(&kept, line));
        let stdin = child.stdin.take();
        Ok(Self { what, child, stdin, stdout: Mutex::new(stdout), stderr, marks: 0 })
    }

    /// Starts a script of `tests/real` on Node.js and waits for the address in its first line.
    pub(super) fn start_script(
        what: &'static str,
        script: &str,
        arguments: &[&str],
    ) -> Result<(Self, String), RealError> {
        let partner = Self::start(what, node(script)?.args(arguments))?;
        let line = partner.next_line()?;
        let ready = serde_json::from_str::<Value>(&line).ok();
        match ready.as_ref().and_then(|object| object.get("ready")).and_then(Value::as_str) {
            Some(url) => Ok((partner, url.to_owned())),
            None => Err(RealError::Unreadable { what, line }),
        }
    }

    /// The next line of stdout; an error when the partner ends or stays silent.
    pub(super) fn next_line(&self) -> Result<String, RealError> {
        let stdout = self.stdout.lock().unwrap_or_else(PoisonError::into_inner);
        stdout.recv_timeout(PATIENCE).map_err(|_| RealError::NotReady { what: self.what, said: self.said() })
    }

    /// Writes a line to the partner's stdin.
    pub(super) fn tell(&mut self, line: &str) -> Result<(), RealError> {
        let stdin =
            self.stdin.as_mut().ok_or(RealError::NotReady { what: self.what, said: String::new() })?;
        writeln!(stdin, "{line}").map_err(RealError::process(format!("asking {}", self.what)))
    }

    /// The requests received since the last call, oldest first. Everything answered before this call is among them.
    pub(super) fn take_requests(&mut self) -> Result<Vec<ReceivedRequest>, RealError> {
        self.marks += 1;
        let mark = self.marks.to_string();
        self.tell(&mark)?;
        let mut requests = Vec::new();
        loop {
            let line = self.next_line()?;
            let unreadable = || RealError::Unreadable { what: self.what, line: line.clone() };
            let object: Value = serde_json::from_str(&line).map_err(|_| unreadable())?;
            if let Some(request) = object.get("request") {
                requests.push(received(request).ok_or_else(unreadable)?);
            } else if object.get("mark").and_then(Value::as_str) == Some(&mark) {
                return Ok(requests);
            }
        }
    }

    /// The end of what the partner wrote on stderr.
    pub(super) fn said(&self) -> String {
        let lines = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Ends the partner without a word.
    pub(super) fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Stops the partner, as dropping it does. A test of an outage calls it in the middle.
    pub(super) fn stop(&mut self) {
        drop(self.stdin.take());
        let deadline = Instant::now() + FAREWELL;
        while Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(10)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Where the scripts of the foreign partners live.
pub(super) fn scripts_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/real"))
}

/// A command for Node.js with a script of `tests/real`, once its packages are known to be there.
pub(super) fn node(script: &str) -> Result<Command, RealError> {
    let folder = scripts_folder();
    if !folder.join("node_modules/.package-lock.json").exists() {
        return Err(RealError::Missing { what: "what `npm ci` installs in tests/real" });
    }
    let mut command = Command::new("node");
    command.arg(folder.join(script));
    Ok(command)
}

fn read_lines(stream: Option<impl Read + Send + 'static>, mut take: impl FnMut(String) + Send + 'static) {
    let Some(stream) = stream else { return };
    thread::spawn(move || BufReader::new(stream).lines().map_while(Result::ok).for_each(&mut take));
}

fn keep(lines: &Mutex<VecDeque<String>>, line: String) {
    let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    if lines.len() == STDERR_LINES {
        lines.pop_front();
    }
    lines.push_back(line);
}

fn received(request: &Value) -> Option<ReceivedRequest> {
    Some(ReceivedRequest {
        method: request.get("method")?.as_str()?.to_owned(),
        url: request.get("url")?.as_str()?.to_owned(),
        headers: request.get("headers")?.as_object()?.clone(),
        body: request.get("body")?.as_str()?.to_owned(),
    })
}
