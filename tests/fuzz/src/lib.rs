//! Any bytes in; nothing out, or a panic that says what did not hold. Each target is a plain function: the fuzzer in `targets`
//! calls it millions of times, `tests/replay.rs` once for every seed and for every input that ever failed. No target
//! opens a socket or a file, and none looks at a clock.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a target that meets the unexpected fails, and says what it met"
)]

pub mod document;
pub mod graph;
pub mod http;
pub mod jq;
pub mod json;
pub mod operation;
pub mod partner;
pub mod reply;
pub mod sdl;
pub mod selections;
pub mod shape;

/// A target: what must hold for these bytes.
pub type Target = fn(&[u8]);

/// Every target by the name of its folder of seeds and of its binary.
pub const TARGETS: &[(&str, Target)] = &[
    ("operation", operation::holds),
    ("sdl", sdl::holds),
    ("reply", reply::holds),
    ("http", http::holds),
    ("jq", jq::holds),
];

/// The parts of a readable input, which lines of `---` part. Bytes that aren't UTF-8 are replaced, so that every input says something.
pub(crate) fn parts(data: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(data).split("\n---\n").map(str::to_owned).collect()
}

/// A well-mixed number from another: the whole of every random choice here, so that an input always means the same.
pub(crate) fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
