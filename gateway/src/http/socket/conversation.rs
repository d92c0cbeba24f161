//! One WebSocket from its greeting to its end: messages in, operations under way, their words out. It is one task: dropping it ends
//! every operation.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::future::ready;
use futures::stream::{AbortHandle, Abortable, BoxStream, SelectAll, iter, once, unfold};
use tokio::time::{Instant, interval, sleep_until, timeout};

use super::super::Shared;
use super::super::admit::Taken;
use super::super::graphql::{self, Received};
use super::super::log::Trace;
use super::message::{self, Said, Word};
use crate::code::Code;
use crate::pipeline::{Answers, Told};
use crate::request::Refusal;

/// How often a client is asked whether it is there.
const PING: Duration = Duration::from_secs(20);
/// A client that hasn't been heard of for so long isn't.
const SILENCE: Duration = Duration::from_secs(45);
/// How long a client may take to take a message.
const SENDING: Duration = Duration::from_secs(20);
/// How long a client may take to close its end once the gateway has closed its own.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why a socket ends.
enum Closing {
    /// The other side is gone: there is nobody to tell.
    Gone,
    /// With a code, and why.
    With(u16, Utf8Bytes),
}

fn with(code: u16, reason: &'static str) -> Closing {
    Closing::With(code, Utf8Bytes::from_static(reason))
}

/// The words of one operation, each with its id.
type Words = Abortable<BoxStream<'static, (String, Word)>>;

/// A socket and its operations.
pub(super) struct Conversation {
    shared: Shared,
    socket: WebSocket,
    words: SelectAll<Words>,
    /// The operations under way, by id.
    under_way: HashMap<String, AbortHandle>,
    is_greeted: bool,
    /// When anything at all last came.
    heard: Instant,
    /// When an operation was last asked or answered.
    used: Instant,
}

impl Conversation {
    pub(super) fn new(shared: Shared, socket: WebSocket) -> Self {
        let (words, under_way, now) = (SelectAll::new(), HashMap::new(), Instant::now());
        Self { shared, socket, words, under_way, is_greeted: false, heard: now, used: now }
    }

    /// Talks until one of the two has enough.
    pub(super) async fn hold(mut self) {
        let closing = match self.talk().await {
            Ok(()) | Err(Closing::Gone) => return,
            Err(Closing::With(code, reason)) => CloseFrame { code, reason },
        };
        self.words.clear();
        let _ = timeout(FAREWELL, async {
            self.socket.send(Message::Close(Some(closing))).await.ok()?;
            while let Some(Ok(_)) = self.socket.recv().await {}
            Some(())
        })
        .await;
    }

    async fn talk(&mut self) -> Result<(), Closing> {
        let greeting = Instant::now() + self.shared.settings.init_timeout;
        let draining = self.shared.draining.clone();
        let mut looks = interval(PING);
        loop {
            tokio::select! {
                biased;
                () = draining.begun() => return Err(with(1001, "the gateway stops")),
                () = sleep_until(greeting), if !self.is_greeted => {
                    return Err(with(4408, "Connection initialisation timeout"));
                }
                said = self.socket.recv() => match said {
                    None => return Err(Closing::Gone),
                    Some(Err(_)) => return Err(with(1009, "a message has too many bytes, or isn't one of a WebSocket")),
                    Some(Ok(said)) => self.take(said).await?,
                },
                Some((id, word)) = self.words.next(), if !self.words.is_empty() => self.tell(&id, &word).await?,
                _ = looks.tick() => self.look().await?,
            }
        }
    }

    /// Is the client there, and of any use?
    async fn look(&mut self) -> Result<(), Closing> {
        if self.heard.elapsed() > SILENCE {
            return Err(Closing::Gone);
        }
        if self.under_way.is_empty() && self.used.elapsed() > self.shared.settings.socket_idle {
            return Err(with(1000, "nothing was asked for a long time"));
        }
        self.send(Message::Ping(Bytes::new())).await
    }

    async fn take(&mut self, said: Message) -> Result<(), Closing> {
        self.heard = Instant::now();
        let invalid = || with(4400, "Invalid message received");
        let text = match said {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(invalid()),
            Message::Close(_) => return Err(Closing::Gone),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        match message::read(&text).ok_or_else(invalid)? {
            Said::Init if self.is_greeted => Err(with(4429, "Too many initialisation requests")),
            Said::Init => {
                self.is_greeted = true;
                self.say(r#"{"type":"connection_ack"}"#).await
            }
            Said::Ping => self.say(r#"{"type":"pong"}"#).await,
            Said::Pong => Ok(()),
            Said::Subscribe { .. } if !self.is_greeted => Err(with(4401, "Unauthorized")),
            Said::Subscribe { id, .. } if self.under_way.contains_key(&id) => {
                // RFC 6455 §5.5: a reason has 123 bytes at most.
                let reason =
                    Some(format!("Subscriber for {id} already exists")).filter(|text| text.len() <= 123);
                let unnamed = || "Subscriber for the id already exists".to_owned();
                Err(Closing::With(4409, reason.unwrap_or_else(unnamed).into()))
            }
            Said::Subscribe { id, payload } => self.begin(id, payload.get()).await,
            Said::Complete { id } => {
                if let Some(operation) = self.under_way.remove(&id) {
                    operation.abort();
                }
                Ok(())
            }
        }
    }

    async fn begin(&mut self, id: String, payload: &str) -> Result<(), Closing> {
        self.used = Instant::now();
        let most = self.shared.settings.socket_operations;
        if self.under_way.len() >= most {
            let message = format!("a WebSocket may have {most} operations under way; wait for one to end");
            return self.tell(&id, &failed(&Refusal::new(Code::OVERLOADED, message))).await;
        }
        let mut taken = Taken::default();
        if !self.shared.room.hold(payload.len(), &mut taken) {
            return self.tell(&id, &failed(&graphql::overloaded())).await;
        }
        let received = Received::Body(payload.as_bytes().into(), taken);
        let (handle, registration) = AbortHandle::new_pair();
        let named = id.clone();
        let words = words(self.shared.clone(), received).map(move |word| (named.clone(), word)).boxed();
        self.words.push(Abortable::new(words, registration));
        self.under_way.insert(id, handle);
        Ok(())
    }

    async fn tell(&mut self, id: &str, word: &Word) -> Result<(), Closing> {
        self.used = Instant::now();
        if word.is_last() {
            self.under_way.remove(id);
        }
        let Ok(text) = Utf8Bytes::try_from(word.message(id)) else {
            return Err(with(1011, "a fault of the gateway"));
        };
        self.send(Message::Text(text)).await
    }

    async fn say(&mut self, text: &'static str) -> Result<(), Closing> {
        self.send(Message::Text(Utf8Bytes::from_static(text))).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Closing> {
        match timeout(SENDING, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Closing::Gone),
        }
    }
}

fn failed(refusal: &Refusal) -> Word {
    Word::Error(refusal.to_json().get("errors").cloned().unwrap_or_default())
}

/// Everything that is said of one operation.
fn words(shared: Shared, received: Received<'static>) -> BoxStream<'static, Word> {
    let told = async move { graphql::open(&shared, &Trace::begin(), received).await };
    let words = once(told).flat_map(|told| match told {
        Ok(Told::Once(answered)) => iter([Word::Next(answered.body), Word::Complete]).boxed(),
        Ok(Told::Stream(answers)) => events(answers),
        Err((refusal, _)) => once(ready(failed(&refusal))).boxed(),
    });
    words.boxed()
}

fn events(answers: Answers) -> BoxStream<'static, Word> {
    unfold(Some(answers), |answers| async {
        let mut answers = answers?;
        Some(match answers.next().await {
            Some(Ok(answered)) => (Word::Next(answered.body), Some(answers)),
            Some(Err(refusal)) => (failed(&refusal), None),
            None => (Word::Complete, None),
        })
    })
    .boxed()
}
