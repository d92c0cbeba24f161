//! Many things and the work that each needs in; the results, in the things' order, out. On as many threads as help; starts none for
//! one thing alone. Knows nothing of the work.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// More threads than this don't help: what they make is put together by one.
const MOST_THREADS: usize = 4;

/// Does the work for each. A panic of the work is this function's own.
pub fn each<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(index) else { return done };
            done.push((index, work(thing)));
        }
    };
    let mut done = thread::scope(|scope| {
        let others = 1..cores.min(MOST_THREADS).min(things.len());
        let others: Vec<_> = others.map(|_| scope.spawn(worker)).collect();
        let mut done = worker();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn results_are_in_the_order_of_the_things() {
        for many in [0, 1, 2, 1000] {
            let things: Vec<usize> = (0..many).collect();
            assert_eq!(
                each(&things, |thing| thing * 2),
                things.iter().map(|thing| thing * 2).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    #[should_panic(expected = "the work's own")]
    fn a_panic_is_passed_on() {
        each(&[0; 100], |_| panic!("the work's own"));
    }
}
